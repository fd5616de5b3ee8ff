// Principal axes of clouds that were built from known ones.
#include <criterion/criterion.h>

#include "common/numeric/principal.h"
#include "common/numeric/rng.h"

// Four points at +-2 (3, 4)/5 and +-1 (-4, 3)/5 about (7, 1): variances 2 and 1/2.
Test(principal, by_hand) {
    const double x[4][2] = {
        {7 + 1.2, 1 + 1.6}, {7 - 1.2, 1 - 1.6}, {7 - 0.8, 1 + 0.6}, {7 + 0.8, 1 - 0.6}};
    double axes[2][2], variance[2], mean[2];
    principal_axes(axes[0], variance, mean, x[0], 4, 2, 2);
    cr_assert_float_eq(mean[0], 7, 1e-12);
    cr_assert_float_eq(mean[1], 1, 1e-12);
    cr_assert_float_eq(variance[0], 2, 1e-12);
    cr_assert_float_eq(variance[1], 0.5, 1e-12);
    cr_assert_float_eq(axes[0][0], 0.6, 1e-10);
    cr_assert_float_eq(axes[0][1], 0.8, 1e-10);
    cr_assert_float_eq(axes[1][0], 0.8, 1e-10);
    cr_assert_float_eq(axes[1][1], -0.6, 1e-10);
}

// Axes are orthonormal, and the variance along one is the one that is said.
Test(principal, of_a_random_cloud) {
    enum { ROWS = 100, COLS = 6, COUNT = 3 };
    static double x[ROWS][COLS];
    double axes[COUNT][COLS], variance[COUNT], mean[COLS];
    Rng rng = rng_new(3);
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLS; j++) x[i][j] = rng_normal(&rng) * (COLS - j);
    principal_axes(axes[0], variance, mean, x[0], ROWS, COLS, COUNT);
    for (int a = 0; a < COUNT; a++) {
        for (int b = 0; b < COUNT; b++) {
            double dot = 0;
            for (int j = 0; j < COLS; j++) dot += axes[a][j] * axes[b][j];
            cr_assert_float_eq(dot, a == b, 1e-12);
        }
        double along = 0;
        for (int i = 0; i < ROWS; i++) {
            double dot = 0;
            for (int j = 0; j < COLS; j++) dot += (x[i][j] - mean[j]) * axes[a][j];
            along += dot * dot / ROWS;
        }
        cr_assert_float_eq(along, variance[a], 1e-9 * variance[0]);
        if (a) cr_assert(variance[a] <= variance[a - 1]);
    }
}
