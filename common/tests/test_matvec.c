// matvec against the definition; the same bits from each loop and any number of threads.
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/numeric/matvec.h"
#include "common/numeric/rng.h"
#include "common/numeric/threads.h"

#ifdef REAL_IS_DOUBLE
#define EPS (DBL_EPSILON / 2)
#else
#define EPS (FLT_EPSILON / 2)
#endif

// y = or += W x by matmul_naive, and the bound of what rounding in any order can do to
// row i (test_matmul.c): both sums are within it of the truth.
static void by_definition(real *y, double *bound, Mat w, const real *x, bool add) {
    Mat product = mat_new(w.rows, 1);
    matmul_naive(product, w, mat_view((real *)x, w.cols, 1));
    for (int i = 0; i < w.rows; i++) {
        double size = add ? fabs((double)y[i]) : 0;
        for (int j = 0; j < w.cols; j++) size += fabs((double)*mat_at(w, i, j) * x[j]);
        bound[i] = 2 * (w.cols + 1) * (double)EPS * 1.01 * size;
        y[i] = product.at[i] + (add ? y[i] : 0);
    }
    mat_free(product);
}

static void check(int rows, int cols, int gap, bool add, Rng *rng) {
    Mat wide = mat_new(rows, cols + gap), w = mat_cols(wide, 0, cols);
    mat_fill(wide, NAN);  // between the rows: nobody looks there
    rng_fill_normal(rng, w, 1);
    real *x = allocate((size_t)cols, sizeof *x),
         *start = allocate((size_t)rows, sizeof *x),
         *want = allocate((size_t)rows, sizeof *x), *first = NULL;
    double *bound = allocate((size_t)rows, sizeof *bound);
    rng_fill_normal(rng, mat_view(x, 1, cols), 1);
    if (add) rng_fill_normal(rng, mat_view(start, 1, rows), 1);
    memcpy(want, start, (size_t)rows * sizeof *x);
    by_definition(want, bound, w, x, add);
    for (int loop = -1; loop < MATVEC_LOOPS; loop++)
        for (int threads = 1; threads <= 4; threads++) {
            // one number more: it stays
            real *y = allocate((size_t)rows + 1, sizeof *y);
            memcpy(y, start, (size_t)rows * sizeof *y);
            if (!add) mat_fill(mat_view(y, 1, rows), NAN);
            threads_set(threads), matvec_loop_set(loop);
            matvec(y, w, x, add);
            for (int i = 0; i < rows; i++)
                cr_assert(fabs((double)y[i] - (double)want[i]) <= bound[i],
                          "%d x %d%s, loop %d, %d threads: y[%d] = %g, not %g", rows,
                          cols, add ? ", added" : "", loop, threads, i, (double)y[i],
                          (double)want[i]);
            cr_assert(y[rows] == 0, "%d x %d: wrote beside y", rows, cols);
            if (!first) first = y;
            else {
                cr_assert(memcmp(first, y, (size_t)rows * sizeof *y) == 0,
                          "%d x %d, loop %d, %d threads: other bits", rows, cols, loop,
                          threads);
                free(y);
            }
        }
    free(x), free(start), free(want), free(bound), free(first), mat_free(wide);
}

Test(matvec, definition_and_bits) {
    Rng rng = rng_new(1);
    static const int sizes[][2] = {{0, 5},   {5, 0},     {1, 1},      {3, 15},
                                   {7, 16},  {9, 33},    {50, 47},    {17, 288},
                                   {64, 65}, {768, 288}, {1001, 777}, {4100, 296}};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int add = 0; add < 2; add++)
            for (int gap = 0; gap < 6; gap += 5)
                check(sizes[s][0], sizes[s][1], gap, add, &rng);
}

// After enough large products one of the loops is chosen, and it stays.
Test(matvec, a_loop_is_chosen) {
    Mat w = mat_new(512, 512);
    real *x = allocate(512, sizeof *x), *y = allocate(512, sizeof *y);
    matvec_loop_set(-1);
    cr_assert(matvec_loop() == -1 && *matvec_loop_name(-1) == '\0');
    for (int i = 0; i < 100; i++) matvec(y, w, x, false);
    int loop = matvec_loop();
    cr_assert(loop >= 0 && loop < MATVEC_LOOPS && *matvec_loop_name(loop));
    matvec(y, w, x, false);
    cr_assert(matvec_loop() == loop);
    free(x), free(y), mat_free(w);
}
