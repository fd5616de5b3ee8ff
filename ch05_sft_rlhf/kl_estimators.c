#include "ch05_sft_rlhf/kl_estimators.h"

#include <math.h>

static double k1(double log_pi, double log_ref) { return log_pi - log_ref; }
static double k1_slope(double log_pi, double log_ref) {
    return (void)log_pi, (void)log_ref, 1;
}

static double k2(double log_pi, double log_ref) {
    double l = log_ref - log_pi;
    return l * l / 2;
}
static double k2_slope(double log_pi, double log_ref) { return log_pi - log_ref; }

// expm1: e^l - 1 without its rounding, where the two policies are near one another
static double k3(double log_pi, double log_ref) {
    double l = log_ref - log_pi;
    return expm1(l) - l;
}
static double k3_slope(double log_pi, double log_ref) {
    return -expm1(log_ref - log_pi);
}

const KlEstimator kl_estimators[] = {
    // ln (pi / ref): unbiased, any sign
    [KL_K1] = {"k1", k1, k1_slope},
    // half its square: biased, small where policies are near
    [KL_K2] = {"k2", k2, k2_slope},
    // ref / pi - 1 - ln (ref / pi): unbiased, never negative
    [KL_K3] = {"k3", k3, k3_slope},
};
_Static_assert(sizeof kl_estimators / sizeof *kl_estimators == KL_KINDS,
               "an estimator without a line in the table");

const char *const *kl_names(void) {
    static const char *names[KL_KINDS + 1];
    for (int i = 0; i < KL_KINDS; i++) names[i] = kl_estimators[i].name;
    return names;
}
