// loses: 3, says: the mean of the slopes is, keeps: 19
#include "ch05_sft_rlhf/homework/hw05.h"

#define kl_loss_gradient solved_kl_loss_gradient
#include "../solution.c"
#undef kl_loss_gradient

void kl_loss_gradient(KlLoss kind, const double *log_pi, const double *log_ref, int n,
                      double *gradient) {
    double mean = 0;
    for (int y = 0; y < n; y++)
        mean += exp(log_pi[y]) * slope_of(kind, log_pi[y], log_ref[y]);
    for (int y = 0; y < n; y++)
        gradient[y] = exp(log_pi[y]) * (slope_of(kind, log_pi[y], log_ref[y]) + mean);
}
