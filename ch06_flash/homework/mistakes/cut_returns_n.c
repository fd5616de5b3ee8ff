// loses: 4, says: the number of those that were written, keeps: 8
// As many as there are requests.
#include "ch06_flash/homework/hw06.h"
#define worker_stretches solved_worker_stretches
#include "../solution.c"
#undef worker_stretches

int worker_stretches(const int *lengths, int n, int workers, int w, Stretch *to) {
    solved_worker_stretches(lengths, n, workers, w, to);
    return n;
}
