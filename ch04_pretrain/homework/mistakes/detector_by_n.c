// loses: 6, says: special tokens are left out of, keeps: 23
#include "ch04_pretrain/homework/hw04.h"

#define detector_loss solved_detector_loss
#include "../solution.c"
#undef detector_loss

double detector_loss(const double *logit, const bool *replaced, const bool *special,
                     int n) {
    double sum = 0, count = 0;
    for (int i = 0; i < n; i++) {
        if (special[i]) continue;
        sum += surprise(replaced[i] ? logit[i] : -logit[i]);
        count++;
    }
    return count > 0 ? sum / n : 0;
}
