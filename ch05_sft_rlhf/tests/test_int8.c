// Weights in 8 bits: the bound, reached and kept, and rows of nothing.
#include <criterion/criterion.h>
#include <math.h>

#include "ch03_transformer/tests/gradients.h"
#include "ch05_sft_rlhf/int8.h"

// Half a step for every number, one row much larger than the others.
Test(int8, errors_are_at_most_half_a_step) {
    enum { ROWS = 6, COLS = 40 };
    Rng rng = rng_new(4);
    Mat w = random_mat(&rng, ROWS, COLS, 1), back = mat_new(ROWS, COLS);
    mat_scale(mat_rows(w, 2, 1), 1000);
    Int8 q = int8_of(w);
    int8_mat(back, &q);
    double closest = 0;
    for (int i = 0; i < ROWS; i++) {
        double largest = 0;
        for (int j = 0; j < COLS; j++)
            largest = fmax(largest, fabs((double)*mat_at(w, i, j)));
        for (int j = 0; j < COLS; j++) {
            double off = fabs((double)(*mat_at(w, i, j) - *mat_at(back, i, j)));
            // rounding of s and of s q: 127 ulps of s
            cr_assert_leq(off, largest / 254 * (1 + 1e-4));
            closest = fmax(closest, off / (largest / 254));
        }
    }
    cr_assert_gt(closest, 0.9);
    cr_assert_eq(int8_bytes(&q), ROWS * COLS + 4 * ROWS);
    int8_free(&q), mat_free(w), mat_free(back);
}

// A product is off by at most s_i / 2 sum |x|: reached by the x whose signs are those
// of the errors.
Test(int8, a_product_with_the_worst_input) {
    enum { COLS = 16 };
    Rng rng = rng_new(5);
    Mat w = random_mat(&rng, 1, COLS, 1), back = mat_new(1, COLS);
    Int8 q = int8_of(w);
    int8_mat(back, &q);
    double off = 0, exact = 0;
    for (int j = 0; j < COLS; j++) {
        double e = (double)(*mat_at(back, 0, j) - *mat_at(w, 0, j));
        off += e * (e > 0 ? 1 : -1), exact += fabs(e);
    }
    cr_assert_float_eq(off, exact, 1e-6);
    cr_assert_leq(off, COLS * (double)q.scale[0] / 2 * (1 + 1e-4));
    int8_free(&q), mat_free(w), mat_free(back);
}

// By columns of a transposed view, and zeros stay zeros.
Test(int8, views_and_zeros) {
    real numbers[] = {127, 0, -63.5, 0, 10, 0};
    Mat w = mat_view(numbers, 3, 2);
    Int8 q = int8_of(mat_transpose(w));
    cr_assert_eq(q.rows, 2);
    cr_assert(q.at[0] == 127 && q.at[1] == -64 && q.at[2] == 10);
    cr_assert(q.scale[0] == 1 && q.scale[1] == 0);
    int8_mat(mat_transpose(w), &q);
    cr_assert(numbers[2] == -64 && numbers[1] == 0);
    int8_free(&q);
}
