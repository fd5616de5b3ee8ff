// loses: 4, says: not where they end, keeps: 10
// The end for the count.
#include "ch06_flash/homework/hw06.h"
#define worker_stretches solved_worker_stretches
#include "../solution.c"
#undef worker_stretches

int worker_stretches(const int *lengths, int n, int workers, int w, Stretch *to) {
    long long all = 0, before = 0;
    int count = 0;
    for (int r = 0; r < n; r++) all += lengths[r];
    long long first = w * all / workers, end = (w + 1) * all / workers;
    for (int r = 0; r < n; before += lengths[r], r++) {
        long long from = long_max(first, before),
                  until = long_min(end, before + lengths[r]);
        if (from < until)
            to[count++] = (Stretch){r, (int)(from - before), (int)(until - before)};
    }
    return count;
}
