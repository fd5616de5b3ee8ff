// The steps of a matmul against the definition, and the words that tiles move against a
// hand-made case.
#include <criterion/criterion.h>
#include <math.h>

#include "ch06_flash/matmul_steps.h"
#include "ch06_flash/tests/reference.h"

// Deeper than a packed panel and not a multiple of a block.
static const int depths[] = {1, 31, 32, 100, 256, 300, 520};

Test(matmul_steps, every_step_is_the_definition) {
    Rng rng = rng_new(1);
    for (size_t d = 0; d < sizeof depths / sizeof *depths; d++) {
        int m = 3 * matmul_steps_rows, n = 5 * matmul_steps_cols, k = depths[d];
        Mat a = random_mat(&rng, m, k, 1), b = random_mat(&rng, k, n, 1),
            c = mat_new(m, n), want = mat_new(m, n);
        matmul_naive(want, a, b);
        for (int s = 0; s < MATMUL_STEPS; s++) {
            mat_fill(c, NAN);
            matmul_steps[s].run(c, a, b);
            // the same sums in the same order; the last two add pieces: two bounds of
            // k eps sum |a| |b|, and |a| |b| < 30 for normal numbers
            double bound =
                       s >= MATMUL_PACKED && k > 256 ? 2 * k * REAL_EPS * 30 * k : 0,
                   off = mat_difference(c, want);
            cr_assert(off <= bound, "%s, depth %d: %g", matmul_steps[s].name, k, off);
        }
        mat_free(a), mat_free(b), mat_free(c), mat_free(want);
    }
}

// matmul_naive is not its own judge.
Test(matmul_steps, by_hand) {
    Rng rng = rng_new(2);
    int m = matmul_steps_rows, n = matmul_steps_cols;
    Mat a = mat_new(m, 2), b = mat_new(2, n), c = mat_new(m, n);
    for (int i = 0; i < m; i++) *mat_at(a, i, 0) = (real)i, *mat_at(a, i, 1) = 1;
    for (int j = 0; j < n; j++) *mat_at(b, 0, j) = 2, *mat_at(b, 1, j) = (real)-j;
    for (int s = 0; s < MATMUL_STEPS; s++) {
        rng_fill_normal(&rng, c, 1);
        matmul_steps[s].run(c, a, b);
        for (int i = 0; i < m; i++)
            for (int j = 0; j < n; j++)
                cr_assert_eq(*mat_at(c, i, j), (real)(2 * i - j), "%s",
                             matmul_steps[s].name);
    }
    mat_free(a), mat_free(b), mat_free(c);
}

// 4 x 6 from 4 x 5 and 5 x 6 in tiles of 2 x 3: four tiles, for each of them 5 columns of
// 2 words and 5 rows of 3 are read, and 6 words written: 4 (10 + 15) + 24.
Test(matmul_steps, words_by_hand) {
    Rng rng = rng_new(3);
    Mat a = random_mat(&rng, 4, 5, 1), b = random_mat(&rng, 5, 6, 1), c = mat_new(4, 6),
        want = mat_new(4, 6);
    Memory m = memory_new(MEMORY_STRICT, 11);
    matmul_in_tiles(c, a, b, 2, 3, &m);
    cr_assert_eq(m.reads, 100);
    cr_assert_eq(m.writes, 24);
    cr_assert_eq(m.peak, 11);
    cr_assert_eq(m.multiply_adds, 4 * 5 * 6);
    cr_assert(!memory_overflowed(&m));
    cr_assert_float_eq(matmul_in_tiles_words(a, b, 2, 3), 124, 1e-9);
    // 2 * 120 / sqrt(16) - 2 * 16
    cr_assert_float_eq(matmul_words_bound(a, b, 16), 28, 1e-9);
    matmul_naive(want, a, b);
    // a tile rounds its products before it adds them, the definition may not
    cr_assert_lt(mat_difference(c, want), 5 * 2 * REAL_EPS * 5 * 9);
    memory_free(&m), mat_free(a), mat_free(b), mat_free(c), mat_free(want);
}
