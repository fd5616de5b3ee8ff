// loses: 3, says: divided by the root of n, keeps: 20
#include "ch05_sft_rlhf/homework/hw05.h"

#define kl_estimate solved_kl_estimate
#include "../solution.c"
#undef kl_estimate

Estimate kl_estimate(KlLoss kind, const double *log_pi, const double *log_ref, int n) {
    Estimate e = {0, 0};
    for (int y = 0; y < n; y++)
        e.mean += exp(log_pi[y]) * value_of(kind, log_pi[y], log_ref[y]);
    for (int y = 0; y < n; y++)
        e.deviation +=
            exp(log_pi[y]) * pow(value_of(kind, log_pi[y], log_ref[y]) - e.mean, 2);
    e.deviation = sqrt(e.deviation / n);
    return e;
}
