// loses: 6, says: kept away from 0, keeps: 23
// Probabilities that ln can bear.
#include "ch04_pretrain/homework/hw04.h"
#define detector_loss solved_detector_loss
#include "../solution.c"
#undef detector_loss

double detector_loss(const double *logit, const bool *replaced, const bool *special,
                     int n) {
    double sum = 0, count = 0;
    for (int i = 0; i < n; i++) {
        double p = 1 / (1 + exp(-logit[i])), right = replaced[i] ? p : 1 - p;
        if (special[i]) continue;
        sum -= log(fmax(right, 1e-9)), count++;
    }
    return count > 0 ? sum / count : 0;
}
