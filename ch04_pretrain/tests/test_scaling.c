// Budgets: no neighbour of the optimum is better. Fits: of a law's own points, the law.
#include <criterion/criterion.h>
#include <math.h>

#include "ch04_pretrain/scaling_fit.h"

Test(scaling, no_neighbour_is_better) {
    for (int k = 0; k < SCALING_LAWS; k++)
        for (double c = 1e18; c < 1e26; c *= 100) {
            const ScalingLaw *l = &scaling_laws[k];
            Budget b = scaling_optimum(l, c);
            cr_assert_float_eq(scaling_operations(b, 0) / c, 1, 1e-12);
            for (double f = 0.99; f < 1.02; f += 0.02) {
                Budget other = {b.parameters * f, b.tokens / f};
                cr_assert_gt(scaling_loss(l, other), scaling_loss(l, b));
            }
        }
}

// Along the line of equal loss, found by bisection here too, both neighbours cost more.
Test(scaling, in_use) {
    const ScalingLaw *l = &scaling_laws[LAW_BESIROGLU];
    double loss = scaling_loss(l, scaling_optimum(l, 1e22));
    for (double use = 1e9; use < 1e15; use *= 10) {
        Budget b = scaling_optimum_in_use(l, 1e22, use);
        cr_assert_float_eq(scaling_loss(l, b), loss, 1e-11);
        for (double f = 0.98; f < 1.03; f += 0.04) {
            double low = b.tokens / 2, high = b.tokens * 2;
            for (int i = 0; i < 100; i++) {
                double middle = sqrt(low * high);
                Budget other = {b.parameters * f, middle};
                if (scaling_loss(l, other) > loss) low = middle;
                else high = middle;
            }
            Budget other = {b.parameters * f, low};
            cr_assert_gt(scaling_operations(other, use), scaling_operations(b, use));
        }
    }
}

// ---- fits

enum { SIDE = 4, POINTS = SIDE * SIDE };
static const ScalingLaw made = {"made", 1.5, 40, 900, 0.45, 0.6};

static void make_runs(ScalingRun *runs) {
    for (int i = 0; i < POINTS; i++) {
        Budget b = {1e3 * pow(4, i / SIDE), 3e4 * pow(3, i % SIDE)};
        runs[i] = (ScalingRun){b, scaling_loss(&made, b)};
    }
}

static void check_law(const ScalingLaw *l, double tolerance) {
    cr_expect_float_eq(l->floor / made.floor, 1, tolerance, "E %g", l->floor);
    cr_expect_float_eq(l->alpha / made.alpha, 1, tolerance, "alpha %g", l->alpha);
    cr_expect_float_eq(l->beta / made.beta, 1, tolerance, "beta %g", l->beta);
}

// The last grid's exponents are 0.15 % apart; E follows them.
Test(scaling, the_law_is_found) {
    ScalingRun runs[POINTS];
    make_runs(runs);
    ScalingLaw free = scaling_fit(runs, POINTS, NAN),
               known = scaling_fit(runs, POINTS, made.floor);
    check_law(&free, 0.01), check_law(&known, 0.002);
    cr_expect_lt(scaling_misfit(&free, runs, POINTS), 1e-7);
}

// One run that went wrong by a fifth: least squares would move E by far more.
Test(scaling, one_bad_run_does_not_decide) {
    ScalingRun runs[POINTS];
    make_runs(runs);
    runs[5].loss *= 1.2;
    ScalingLaw l = scaling_fit(runs, POINTS, NAN);
    check_law(&l, 0.02);
}

// The same draws for every number of threads; every fit is one of drawn points, so the law.
Test(scaling, again) {
    ScalingRun runs[POINTS];
    make_runs(runs);
    ScalingLaw one[4], other[4];
    Rng rng = rng_new(3);
    scaling_fit_again(one, 4, runs, POINTS, made.floor, &rng);
    scaling_fit_again(other, 4, runs, POINTS, made.floor, &rng);
    for (int k = 0; k < 4; k++) {
        cr_assert(one[k].alpha == other[k].alpha && one[k].beta == other[k].beta);
        check_law(&one[k], 0.005);
    }
}
