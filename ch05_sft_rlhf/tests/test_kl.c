// The three estimators of the KL: their values, their means, and what they are as
// losses.
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "ch05_sft_rlhf/kl_estimators.h"
#include "ch05_sft_rlhf/optimal_policy.h"

enum { N = 5 };

Test(kl, values) {
    static const double expected[KL_KINDS][2] = {
        {-.2, .2}, {.02, .02}, {.021402758160169853, .018730753077981859}};
    for (int k = 0; k < KL_KINDS; k++) {
        cr_assert_float_eq(kl_estimators[k].value(-1, -.8), expected[k][0], 1e-15);
        cr_assert_float_eq(kl_estimators[k].value(-1, -1.2), expected[k][1], 1e-15);
        // pi = ref: exactly nothing
        cr_assert_eq(kl_estimators[k].value(-1.7, -1.7), 0);
        cr_assert_str_eq(kl_names()[k], kl_estimators[k].name);
    }
}

Test(kl, slopes_are_derivatives) {
    const double h = 1e-5;
    for (int k = 0; k < KL_KINDS; k++)
        for (double log_pi = -4; log_pi < 0; log_pi += 0.37) {
            const KlEstimator *e = &kl_estimators[k];
            double measured =
                (e->value(log_pi + h, -1.3) - e->value(log_pi - h, -1.3)) / (2 * h);
            cr_assert_float_eq(e->slope(log_pi, -1.3), measured, 1e-8, "%s", e->name);
        }
}

static void softmax_of(double *log_p, const double *z) {
    memcpy(log_p, z, N * sizeof *z);
    double sum = log_sum(log_p, N);
    for (int y = 0; y < N; y++) log_p[y] -= sum;
}

// Central differences of a divergence in the logits, against the mean of slope x the
// gradient of ln pi: d ln pi(y) / dz_k = [y = k] - pi(k).
Test(kl, as_losses) {
    const double z[N] = {.3, -1, .8, .1, -.4}, h = 1e-6;
    double ref[N], p[N], q[N];
    softmax_of(ref, (const double[N]){-.2, .5, .3, -.9, 0});
    softmax_of(p, z);
    for (int k = 0; k < N; k++) {
        double forward[2], backward[2], moved[N];
        for (int side = 0; side < 2; side++) {
            memcpy(moved, z, sizeof moved);
            moved[k] += side ? h : -h;
            softmax_of(q, moved);
            forward[side] = policy_kl(q, ref, N), backward[side] = policy_kl(ref, q, N);
        }
        double expected[KL_KINDS] = {0, (forward[1] - forward[0]) / (2 * h),
                                     (backward[1] - backward[0]) / (2 * h)};
        for (int kind = 0; kind < KL_KINDS; kind++) {
            double mean = 0;
            for (int y = 0; y < N; y++)
                mean += exp(p[y]) * kl_estimators[kind].slope(p[y], ref[y])
                        * ((y == k) - exp(p[k]));
            cr_assert_float_eq(mean, expected[kind], 1e-9, "%s", kl_names()[kind]);
        }
    }
}
