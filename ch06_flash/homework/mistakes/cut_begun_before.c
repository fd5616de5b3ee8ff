// loses: 4, says: requests that begin before the piece are left out, keeps: 10
// Only what begins in the piece.
#include "ch06_flash/homework/hw06.h"
#define worker_stretches solved_worker_stretches
#include "../solution.c"
#undef worker_stretches

int worker_stretches(const int *lengths, int n, int workers, int w, Stretch *to) {
    int count = solved_worker_stretches(lengths, n, workers, w, to);
    int late = count > 0 && to[0].first > 0;
    for (int s = late; s < count; s++) to[s - late] = to[s];
    return count - late;
}
