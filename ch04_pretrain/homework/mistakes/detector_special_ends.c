// loses: 6, says: does not end the loop, keeps: 23
// A special token ends the loop.
#include "ch04_pretrain/homework/hw04.h"
#define detector_loss solved_detector_loss
#include "../solution.c"
#undef detector_loss

double detector_loss(const double *logit, const bool *replaced, const bool *special,
                     int n) {
    int m = 0;
    while (m < n && !special[m]) m++;
    return solved_detector_loss(logit, replaced, special, m);
}
