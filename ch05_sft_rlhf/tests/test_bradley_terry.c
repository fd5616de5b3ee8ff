// The loss of preferences, its optimum, and the fit of a table.
#include <criterion/criterion.h>
#include <math.h>

#include "ch03_transformer/tests/gradients.h"
#include "ch05_sft_rlhf/bradley_terry.h"

// Where the expected loss is least, by golden section: no formula but the loss.
static double least(double p, double margin) {
    double a = -60, b = 60, ratio = (sqrt(5) - 1) / 2;
    for (int i = 0; i < 200; i++) {
        double x = b - ratio * (b - a), y = a + ratio * (b - a);
        double at_x = p * bradley_terry_loss(x, margin)
                      + (1 - p) * bradley_terry_loss(-x, margin),
               at_y = p * bradley_terry_loss(y, margin)
                      + (1 - p) * bradley_terry_loss(-y, margin);
        if (at_x < at_y) b = y;
        else a = x;
    }
    return (a + b) / 2;
}

Test(bradley_terry, the_optimum_has_the_known_values) {
    cr_assert_float_eq(bradley_terry_optimum(0.75, 1), 1.78196, 5e-6);
    cr_assert_float_eq(bradley_terry_optimum(0.9, 1.0 / 3), 2.47821, 5e-6);
    cr_assert_float_eq(bradley_terry_optimum(0.6, 3), 2.32140, 5e-6);
    cr_assert_float_eq(bradley_terry_optimum(0.8, 0), log(4), 1e-12);
    cr_assert_float_eq(bradley_terry_optimum(0.5, 7), 0, 0);
    cr_assert(isinf(bradley_terry_optimum(1, 2)));
}

Test(bradley_terry, the_optimum_is_where_the_loss_is_least) {
    for (double p = 0.05; p < 1; p += 0.1)
        for (double m = 0; m < 4; m += 0.7)
            // at a minimum golden section finds half the digits
            cr_assert_float_eq(bradley_terry_optimum(p, m), least(p, m), 2e-6,
                               "p %g, m %g", p, m);
    // and it mirrors: naming the answers the other way round
    cr_assert_float_eq(bradley_terry_optimum(0.1, 2), -bradley_terry_optimum(0.9, 2),
                       1e-14);
}

Test(bradley_terry, the_slope_is_the_losss) {
    for (double d = -8; d <= 8; d += 0.5) {
        double h = 1e-5, measured = (bradley_terry_loss(d + h, 0.7)
                                     - bradley_terry_loss(d - h, 0.7))
                                    / (2 * h);
        cr_assert_float_eq(bradley_terry_slope(d, 0.7), measured, 1e-9);
    }
}

Test(bradley_terry, nothing_overflows) {
    cr_assert_float_eq(bradley_terry_loss(-1e4, 0), 1e4, 1e-9);
    cr_assert_eq(bradley_terry_loss(1e4, 0), 0);
    cr_assert_eq(bradley_terry_slope(-1e4, 0), -1);
    cr_assert_eq(logistic(-1e4), 0);
    cr_assert_eq(logistic(1e4), 1);
    cr_assert_float_eq(logit(logistic(3.5)), 3.5, 1e-12);
    cr_assert(isfinite(bradley_terry_optimum(0.7, 1000)));
}

typedef struct {
    int scores;
    const double *margins;
} PairLoss;
static Node *pair_loss(Tape *t, void *context) {
    const PairLoss *of = context;
    return bradley_terry_node(t, param(t, of->scores), of->margins);
}

Test(bradley_terry, on_the_tape_it_is_the_mean_of_pairs) {
    const double margins[] = {0, 0.5, 2};
    Params p = {0};
    PairLoss of = {params_add(&p, 6, 1, normal(1), "scores"), margins};
    Rng rng = rng_new(3);
    params_allocate(&p), params_allocate_grads(&p), params_init(&p, &rng);
    Tape *t = tape_new(&p);
    double mean = 0;
    for (int i = 0; i < 3; i++)
        mean += bradley_terry_loss((double)p.values[i] - (double)p.values[3 + i],
                                   margins[i])
                / 3;
    cr_assert_float_eq((double)*pair_loss(t, &of)->value.at, mean, 1e-6);
    tape_free(t);
    cr_assert_lt(gradient_error(&p, pair_loss, &of, 100), gradient_tolerance());
    params_free(&p);
}

Test(bradley_terry, a_table_is_fitted_where_the_likelihood_has_no_slope) {
    // Three answers: sum_j (wins_ij - n_ij sigma(r_i - r_j)) = 0 for each.
    const double wins[] = {0, 30, 44, 12, 0, 25, 6, 19, 0};
    double r[3];
    bradley_terry_fit(wins, 3, r);
    cr_assert_float_eq(r[0] + r[1] + r[2], 0, 1e-12);
    for (int i = 0; i < 3; i++) {
        double slope = 0;
        for (int j = 0; j < 3; j++)
            slope += wins[3 * i + j]
                     - (wins[3 * i + j] + wins[3 * j + i]) * logistic(r[i] - r[j]);
        cr_assert_float_eq(slope, 0, 1e-9);
    }
    // two answers: logit of the share
    const double two[] = {0, 30, 10, 0};
    bradley_terry_fit(two, 2, r);
    cr_assert_float_eq(r[0] - r[1], log(3), 1e-10);
}
