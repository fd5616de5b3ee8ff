// Softmax: its edges, and its matrix form.
#include <criterion/criterion.h>
#include <math.h>

#include "ch02_attention/softmax.h"
#include "ch02_attention/tests/reference.h"

Test(softmax, nothing_to_see_gives_zeros) {
    real row[3] = {-INFINITY, -INFINITY, -INFINITY}, one[1] = {(real)-1e30},
         large[2] = {1000, 1000}, bad[2] = {NAN, 1};
    softmax(row, 3), softmax(one, 1), softmax(large, 2), softmax(bad, 2);
    for (int i = 0; i < 3; i++) cr_assert_eq(row[i], 0);
    cr_assert_eq(one[0], 1);
    cr_assert(large[0] == 0.5 && large[1] == 0.5);
    cr_assert(isnan(bad[1]), "a NaN must not be hidden");
}

Test(softmax, of_a_matrix_is_of_its_rows) {
    Rng rng = rng_new(1);
    Mat wide = random_mat(&rng, 5, 12, 1), all = mat_cols(wide, 2, 7),
        rows = mat_new(5, 7), dp = random_mat(&rng, 5, 7, 1), dp_rows = mat_new(5, 7);
    mat_copy(rows, all), mat_copy(dp_rows, dp);
    softmax_mat(all), softmax_mat_backward(dp, all);
    for (int i = 0; i < 5; i++) {
        double sum = 0, change = 0;
        softmax(mat_at(rows, i, 0), 7);
        softmax_backward(mat_at(dp_rows, i, 0), mat_at(rows, i, 0), 7);
        for (int j = 0; j < 7; j++)
            sum += *mat_at(rows, i, j), change += *mat_at(dp, i, j);
        cr_assert(fabs(sum - 1) < 10 * REAL_EPS);
        cr_assert(fabs(change) < 40 * REAL_EPS, "scores may all move by one number");
    }
    cr_assert_eq(mat_difference(all, rows), 0);
    cr_assert_eq(mat_difference(dp, dp_rows), 0);
    mat_free(wide), mat_free(rows), mat_free(dp), mat_free(dp_rows);
}
