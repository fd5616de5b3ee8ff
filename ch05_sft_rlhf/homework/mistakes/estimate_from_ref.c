// loses: 3, says: drawn from pi, not from ref, keeps: 20
// The wrong weights.
#include "ch05_sft_rlhf/homework/hw05.h"
#define kl_estimate solved_kl_estimate
#include "../solution.c"
#undef kl_estimate

Estimate kl_estimate(KlLoss kind, const double *log_pi, const double *log_ref, int n) {
    Estimate e = {0, 0};
    for (int y = 0; y < n; y++) {
        double k = value_of(kind, log_pi[y], log_ref[y]);
        e.mean += exp(log_ref[y]) * k, e.deviation += exp(log_ref[y]) * k * k;
    }
    e.deviation = sqrt(e.deviation - e.mean * e.mean);
    return e;
}
