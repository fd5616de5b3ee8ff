// loses: 3, says: the mean's square, keeps: 20
// The root of the mean square.
#include "ch05_sft_rlhf/homework/hw05.h"
#define kl_estimate solved_kl_estimate
#include "../solution.c"
#undef kl_estimate

Estimate kl_estimate(KlLoss kind, const double *log_pi, const double *log_ref, int n) {
    Estimate e = solved_kl_estimate(kind, log_pi, log_ref, n);
    e.deviation = sqrt(e.deviation * e.deviation + e.mean * e.mean);
    return e;
}
