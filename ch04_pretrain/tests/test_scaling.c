// Budgets: no neighbour of the optimum is better.
#include <criterion/criterion.h>
#include <math.h>

#include "ch04_pretrain/scaling.h"

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
