// loses: 3, says: the gradient of KL(pi || ref), keeps: 18
// Differentiates what is estimated.
#include "ch05_sft_rlhf/homework/hw05.h"
#define kl_loss_gradient solved_kl_loss_gradient
#include "../solution.c"
#undef kl_loss_gradient

void kl_loss_gradient(KlLoss kind, const double *log_pi, const double *log_ref, int n,
                      double *gradient) {
    (void)kind;
    solved_kl_loss_gradient(LOSS_K2, log_pi, log_ref, n, gradient);
}
