// Comparisons: pairs by hand, looks against tables and closed forms.
#include <criterion/criterion.h>
#include <math.h>

#include "ch05_sft_rlhf/ab_test.h"

// Right answers to the same four questions: differences 0, 1, 0, 1.
Test(ab_test, pairs_by_hand) {
    static const double a[] = {1, 1, 0, 1}, b[] = {1, 0, 0, 0};
    Mean m = paired_difference(a, b, 4);
    cr_assert_eq(mean_of(m), 0.5);
    cr_assert_float_eq(mean_error(m), sqrt(0.25 / 3), 1e-15);
}

// Armitage, McPherson and Rowe's table of repeated looks, and Pocock's of bounds.
Test(ab_test, looks) {
    cr_assert_float_eq(peeking_error(1, 1.959964), 0.05, 1e-7);
    cr_assert_float_eq(peeking_error(2, 1.959964), 0.083, 5e-4);
    cr_assert_float_eq(peeking_error(5, 1.959964), 0.142, 5e-4);
    cr_assert_float_eq(peeking_error(10, 1.959964), 0.193, 5e-4);
    cr_assert_float_eq(peeking_error(20, 1.959964), 0.248, 5e-4);
    cr_assert_float_eq(peeking_bound(1, 0.05), 1.95996, 1e-4);
    cr_assert_float_eq(peeking_bound(10, 0.05), 2.555, 1e-3);
}

// The bound is where the mean of e^(mu S - n mu^2 / 2) over mu ~ N(0, 1 / rho) is 1 /
// alpha: by a sum over mu.
Test(ab_test, every_look_by_a_sum_over_drifts) {
    const double rho = 50, alpha = 0.05;
    for (double n = 10; n < 2000; n *= 3) {
        double s = every_look_errors(n, rho, alpha) * sqrt(n), sum = 0;
        for (double mu = -3; mu < 3; mu += 1e-4)
            sum += 1e-4 * sqrt(rho / (2 * M_PI))
                   * exp(mu * s - n * mu * mu / 2 - rho * mu * mu / 2);
        cr_assert_float_eq(sum, 1 / alpha, 1e-6, "%g: %g", n, sum);
    }
}
