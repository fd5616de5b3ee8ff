// loses: 6, says: is infinite in C, keeps: 23
// The log of a sigmoid, as it is written.
#include "ch04_pretrain/homework/hw04.h"
#define detector_loss solved_detector_loss
#include "../solution.c"
#undef detector_loss

double detector_loss(const double *logit, const bool *replaced, const bool *special,
                     int n) {
    double sum = 0, count = 0;
    for (int i = 0; i < n; i++) {
        if (special[i]) continue;
        double p = 1 / (1 + exp(-logit[i]));
        sum -= replaced[i] ? log(p) : log(1 - p);
        count++;
    }
    return count > 0 ? sum / count : 0;
}
