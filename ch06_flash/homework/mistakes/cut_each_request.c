// loses: 4, says: each request was cut, keeps: 8
// Every request is cut by itself.
#include "ch06_flash/homework/hw06.h"
#define worker_stretches solved_worker_stretches
#include "../solution.c"
#undef worker_stretches

int worker_stretches(const int *lengths, int n, int workers, int w, Stretch *to) {
    int count = 0;
    for (int r = 0; r < n; r++) {
        int first = (int)((long long)w * lengths[r] / workers),
            end = (int)((w + 1LL) * lengths[r] / workers);
        if (first < end) to[count++] = (Stretch){r, first, end - first};
    }
    return count;
}
