// loses: 3, says: k1 of an answer may be negative, keeps: 20
// A divergence is never negative.
#include "ch05_sft_rlhf/homework/hw05.h"
#define kl_estimate solved_kl_estimate
#include "../solution.c"
#undef kl_estimate

Estimate kl_estimate(KlLoss kind, const double *log_pi, const double *log_ref, int n) {
    Estimate e = solved_kl_estimate(kind, log_pi, log_ref, n);
    if (kind != LOSS_K1) return e;
    double squares = 0;
    e.mean = 0;
    for (int y = 0; y < n; y++) {
        double k = fabs(log_pi[y] - log_ref[y]), p = exp(log_pi[y]);
        e.mean += p * k, squares += p * k * k;
    }
    e.deviation = sqrt(squares - e.mean * e.mean);
    return e;
}
