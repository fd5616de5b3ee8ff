// loses: 3, says: the gradient of KL(pi || ref), keeps: 15
// The estimate as a reward: a policy gradient, of k1 by chance that of the divergence.
#include "ch05_sft_rlhf/homework/hw05.h"
#define kl_loss_gradient solved_kl_loss_gradient
#include "../solution.c"
#undef kl_loss_gradient

void kl_loss_gradient(KlLoss kind, const double *log_pi, const double *log_ref, int n,
                      double *gradient) {
    double mean = 0;
    for (int y = 0; y < n; y++)
        mean += exp(log_pi[y]) * value_of(kind, log_pi[y], log_ref[y]);
    for (int y = 0; y < n; y++)
        gradient[y] = exp(log_pi[y]) * (value_of(kind, log_pi[y], log_ref[y]) - mean);
}
