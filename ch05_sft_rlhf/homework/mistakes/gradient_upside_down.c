// loses: 3, says: its slope is 1 - ref / pi, keeps: 21
// pi / ref in k3.
#include "ch05_sft_rlhf/homework/hw05.h"
#define kl_loss_gradient solved_kl_loss_gradient
#include "../solution.c"
#undef kl_loss_gradient

void kl_loss_gradient(KlLoss kind, const double *log_pi, const double *log_ref, int n,
                      double *gradient) {
    double mean = 0, slope;
    for (int pass = 0; pass < 2; pass++)
        for (int y = 0; y < n; y++) {
            slope = kind == LOSS_K3 ? 1 - exp(log_pi[y] - log_ref[y])
                                    : slope_of(kind, log_pi[y], log_ref[y]);
            if (pass == 0) mean += exp(log_pi[y]) * slope;
            else gradient[y] = exp(log_pi[y]) * (slope - mean);
        }
}
