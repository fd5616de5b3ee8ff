// loses: 4, says: nobody has the rest, keeps: 12
// Pieces of the same size, and no more.
#include "ch06_flash/homework/hw06.h"
#define worker_stretches solved_worker_stretches
#include "../solution.c"
#undef worker_stretches

int worker_stretches(const int *lengths, int n, int workers, int w, Stretch *to) {
    long long all = 0, before = 0;
    for (int r = 0; r < n; r++) all += lengths[r];
    long long from = w * (all / workers), until = from + all / workers;
    int count = 0;
    for (int r = 0; r < n; r++) {
        long long begin = before > from ? before : from, end = before + lengths[r];
        if (end > until) end = until;
        if (begin < end)
            to[count++] = (Stretch){r, (int)(begin - before), (int)(end - begin)};
        before += lengths[r];
    }
    return count;
}
