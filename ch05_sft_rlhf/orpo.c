#include "ch05_sft_rlhf/orpo.h"

#include <assert.h>

#include "common/numeric/logistic.h"

// ln (1 - e^a), for a < 0, without cancellation where a is near 0
static double log_rest(double a) { return log(-expm1(a)); }
// A sure answer's log-probability may be rounded to 0, or beyond.
static double below_0(double a) { return a < 0 ? a : -1e-17; }

OrpoLoss orpo_loss(double chosen, double rejected, double kappa) {
    assert(kappa >= 0);
    chosen = below_0(chosen), rejected = below_0(rejected);
    double z = chosen - log_rest(chosen) - rejected + log_rest(rejected);
    double pull = kappa * logistic(-z);
    return (OrpoLoss){-chosen - kappa * log_logistic(z), -1 + pull / expm1(chosen),
                      -pull / expm1(rejected)};
}

// The left side rises with u, from 0 to 1 + 2 kappa; the root lies between the two
// limits.
double orpo_goal(double p, double kappa) {
    double low = fmin(logit(p) / 2, logit(p)), high = fmax(logit(p) / 2, logit(p));
    if (!(low > -INFINITY && high < INFINITY)) return logit(p);
    for (double u; u = (low + high) / 2, low < u && u < high;) {
        double side = logistic(u) + 2 * kappa * logistic(2 * u);
        if (side < (1 + 2 * kappa) * p) low = u;
        else high = u;
    }
    return high;
}
