// loses: 3, says: with the probability of j, keeps: 15
#include "ch05_sft_rlhf/homework/hw05.h"
#define kl_loss_gradient solved_kl_loss_gradient
#include "../solution.c"
#undef kl_loss_gradient
void kl_loss_gradient(KlLoss kind, const double *log_pi, const double *log_ref, int n,
                      double *gradient) {
    for (int j = 0; j < n; j++) {
        gradient[j] = 0;
        for (int y = 0; y < n; y++) {
            double pi = exp(log_pi[y]);
            gradient[j] += pi * slope_of(kind, log_pi[y], log_ref[y]) * ((y == j) - pi);
        }
    }
}
