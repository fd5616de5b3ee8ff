// loses: 4, says: skipped of the next ones too, keeps: 14
#include "ch06_flash/homework/hw06.h"
#define worker_stretches solved_worker_stretches
#include "../solution.c"
#undef worker_stretches
int worker_stretches(const int *lengths, int n, int workers, int w, Stretch *to) {
    long long all = 0;
    int count = 0;
    for (int r = 0; r < n; r++) all += lengths[r];
    long long skip = w * all / workers, left = (w + 1) * all / workers - skip;
    for (int r = 0; r < n && left > 0; r++) {
        long long rest = lengths[r] - skip;
        if (rest <= 0) skip -= lengths[r];
        if (rest <= 0) continue;
        to[count++] = (Stretch){r, (int)skip, (int)long_min(rest, left)};
        left -= rest;
    }
    return count;
}
