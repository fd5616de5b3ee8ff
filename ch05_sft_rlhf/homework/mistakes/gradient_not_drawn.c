// loses: 3, says: factor pi_j is missing, keeps: 18
// All answers count alike.
#include "ch05_sft_rlhf/homework/hw05.h"
#define kl_loss_gradient solved_kl_loss_gradient
#include "../solution.c"
#undef kl_loss_gradient

void kl_loss_gradient(KlLoss kind, const double *log_pi, const double *log_ref, int n,
                      double *gradient) {
    solved_kl_loss_gradient(kind, log_pi, log_ref, n, gradient);
    for (int y = 0; y < n; y++) gradient[y] /= exp(log_pi[y]);
}
