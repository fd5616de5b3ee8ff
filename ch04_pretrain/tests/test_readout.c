// The read-out against cases by hand, a closed form, and noise.
#include <criterion/criterion.h>

#include "ch04_pretrain/readout.h"
#include "common/numeric/rng.h"

// y = 3 x0 - 2 x1 + 5, z = x1 - 1: found again, to rounding of `real`.
Test(readout, finds_a_linear_map) {
    Rng rng = rng_new(1);
    Mat x = mat_new(20, 2);
    double y[20][2], got[20][2];
    rng_fill_normal(&rng, x, 1);
    for (int i = 0; i < 20; i++) {
        double a = (double)*mat_at(x, i, 0), b = (double)*mat_at(x, i, 1);
        y[i][0] = 3 * a - 2 * b + 5, y[i][1] = b - 1;
    }
    Readout r;
    cr_assert(readout_fit(&r, x, y[0], 2, 0));
    const double expected[3][2] = {{3, 0}, {-2, 1}, {5, -1}};
    for (int j = 0; j < 3; j++)
        for (int o = 0; o < 2; o++)
            cr_assert_float_eq(r.weight[j * 2 + o], expected[j][o], 1e-12);
    readout_apply(&r, x, got[0]);
    cr_assert_float_eq(r_squared(y[0], got[0], 20, 2), 1, 1e-12);
    readout_free(&r), mat_free(x);
}

// One input, by hand: w = sum (x - x_)(y - y_) / (sum (x - x_)^2 + ridge). The constant is
// not shrunk: c = y_ - w x_.
Test(readout, ridge_of_one_input) {
    Mat x = mat_new(4, 1);
    const double xs[] = {1, 2, 4, 5}, y[] = {2, 3, 7, 8};
    for (int i = 0; i < 4; i++) *mat_at(x, i, 0) = (real)xs[i];
    const double RIDGE = 3, w = 16.0 / (10 + RIDGE);
    Readout r;
    cr_assert(readout_fit(&r, x, y, 1, RIDGE));
    cr_assert_float_eq(r.weight[0], w, 1e-12);
    cr_assert_float_eq(r.weight[1], 5 - 3 * w, 1e-12);
    readout_free(&r), mat_free(x);
}

// (1, 2, 6): the mean is 3, the spread 14. Said 3 each: 0; (1, 2, 3): 1 - 9/14.
Test(readout, r_squared_by_hand) {
    const double y[] = {1, 2, 6};
    cr_assert_float_eq(r_squared(y, (double[]){3, 3, 3}, 3, 1), 0, 1e-15);
    cr_assert_float_eq(r_squared(y, (double[]){1, 2, 3}, 3, 1), 1 - 9.0 / 14, 1e-15);
    cr_assert(r_squared(y, (double[]){9, 9, 9}, 3, 1) < 0);
}

// Noise from noise: fitted rows seem to be read, and others are not.
Test(readout, noise_is_read_only_where_fitted) {
    enum { ROWS = 40, INPUTS = 30 };
    Rng rng = rng_new(2);
    Mat x = mat_new(2 * ROWS, INPUTS);
    double y[2 * ROWS], got[2 * ROWS];
    rng_fill_normal(&rng, x, 1);
    for (int i = 0; i < 2 * ROWS; i++) y[i] = rng_normal(&rng);
    Readout r;
    cr_assert(readout_fit(&r, mat_rows(x, 0, ROWS), y, 1, 0));
    readout_apply(&r, x, got);
    cr_assert(r_squared(y, got, ROWS, 1) > 0.5);
    cr_assert(r_squared(y + ROWS, got + ROWS, ROWS, 1) < 0);
    readout_free(&r), mat_free(x);
}

// The same column twice: no solution is the only one, unless a ridge chooses.
Test(readout, dependent_columns) {
    Mat x = mat_new(4, 2);
    for (int i = 0; i < 8; i++) x.at[i] = (real)(i / 2);
    const double y[] = {0, 2, 4, 6};
    Readout r;
    cr_assert_not(readout_fit(&r, x, y, 1, 0));
    cr_assert(readout_fit(&r, x, y, 1, 1e-9));
    cr_assert_float_eq(r.weight[0], 1, 1e-6);
    cr_assert_float_eq(r.weight[1], 1, 1e-6);
    readout_free(&r), mat_free(x);
}
