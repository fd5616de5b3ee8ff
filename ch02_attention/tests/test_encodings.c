// A7, A15, A16, A17: sinusoidal positions, ALiBi, T5's buckets, sparse patterns.
#include <criterion/criterion.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "ch02_attention/alibi.h"
#include "ch02_attention/position.h"
#include "ch02_attention/rope.h"
#include "ch02_attention/sinusoidal.h"
#include "ch02_attention/sparse.h"
#include "ch02_attention/t5_buckets.h"

#ifdef REAL_IS_DOUBLE
static const double TOLERANCE = 1e-12;
#else
static const double TOLERANCE = 1e-5;
#endif

// ---- sinusoidal

enum { DIM = 32, ROWS = 200 };

// Planted, the notes' error: sines for even *tokens*, cosines for odd ones.
static void by_tokens(Mat table) {
    for (int p = 0; p < table.rows; p++)
        for (int j = 0; j < table.cols; j++) {
            double angle = p * rope_theta(SINUSOIDAL_BASE, table.cols, j / 2);
            *mat_at(table, p, j) = (real)(p % 2 ? cos(angle) : sin(angle));
        }
}

static double dot(Mat t, int p, int q) {
    double sum = 0;
    for (int j = 0; j < t.cols; j++) sum += (double)*mat_at(t, p, j) * *mat_at(t, q, j);
    return sum;
}

static double kernel_error(void (*fill)(Mat)) {
    Mat t = mat_new(ROWS, DIM);
    fill(t);
    double worst = 0;
    for (int p = 0; p < ROWS; p += 7)
        for (int q = 0; q < ROWS; q += 5) {
            double kernel = 0;
            for (int i = 0; i < DIM / 2; i++)
                kernel += cos((p - q) * rope_theta(SINUSOIDAL_BASE, DIM, i));
            worst = fmax(worst, fabs(dot(t, p, q) - kernel));
        }
    mat_free(t);
    return worst;
}

Test(sinusoidal, kernel_and_norm) {
    cr_assert(kernel_error(sinusoidal_table) < TOLERANCE);
    cr_assert(kernel_error(by_tokens) > 1);
    Mat t = mat_new(ROWS, DIM);
    sinusoidal_table(t);
    for (int p = 0; p < ROWS; p++)
        cr_assert(fabs(dot(t, p, p) - DIM / 2.0) < TOLERANCE);
    mat_free(t);
}

Test(sinusoidal, a_shift_is_linear) {
    Mat t = mat_new(ROWS, DIM);
    sinusoidal_table(t);
    double from[DIM], to[DIM], right = 0, planted = 0;
    for (int p = 50; p < 150; p += 9)
        for (int k = -50; k < 50; k += 7) {
            for (int j = 0; j < DIM; j++) from[j] = *mat_at(t, p, j);
            sinusoidal_shift(to, from, DIM, k);
            for (int j = 0; j < DIM; j++)
                right = fmax(right, fabs(to[j] - *mat_at(t, p + k, j)));
            sinusoidal_shift(to, from, DIM, -k);  // planted: the other way
            for (int j = 0; j < DIM; j++)
                planted = fmax(planted, fabs(to[j] - *mat_at(t, p + k, j)));
        }
    cr_assert(right < TOLERANCE);
    cr_assert(planted > 0.5);
    mat_free(t);
}

// ---- ALiBi

Test(alibi, slopes_for_any_number_of_heads) {
    static const double twelve[] = {1, 2, 3, 4, 5, 6, 7, 8, 0.5, 1.5, 2.5, 3.5};
    Mat slopes = mat_new(1, 12);
    alibi_slopes(slopes);
    double planted = 0;
    for (int h = 0; h < 12; h++) {
        cr_assert(fabs(*mat_at(slopes, 0, h) - exp2(-twelve[h])) < TOLERANCE);
        planted =
            // the power-of-two rule for 12
            fmax(planted, fabs(*mat_at(slopes, 0, h) - exp2(-8.0 * (h + 1) / 12)));
    }
    cr_assert(planted > 0.1);
    mat_free(slopes);
    for (int heads = 1; heads <= 64; heads *= 2) {
        Mat m = mat_new(1, heads);
        alibi_slopes(m);
        for (int h = 0; h < heads; h++)
            cr_assert(fabs(*mat_at(m, 0, h) - exp2(-8.0 * (h + 1) / heads))
                      < TOLERANCE);
        mat_free(m);
    }
    for (int heads = 1; heads < 50; heads++) {  // all different, all in (0, 1)
        Mat m = mat_new(1, heads);
        alibi_slopes(m);
        for (int h = 0; h < heads; h++) {
            cr_assert(*mat_at(m, 0, h) > 0 && *mat_at(m, 0, h) < 1);
            for (int g = 0; g < h; g++)
                cr_assert(*mat_at(m, 0, h) != *mat_at(m, 0, g), "%d heads: %d and %d",
                          heads, g, h);
        }
        mat_free(m);
    }
}

Test(alibi, geometric_law) {
    for (int n = 1; n < 3000; n = 3 * n + 1)
        for (double m = 0.5; m > 1e-3; m /= 4) {
            double total = 0, mean = 0;
            for (int s = 0; s < n; s++)
                total += alibi_weight(m, n, s), mean += s * alibi_weight(m, n, s);
            cr_assert(fabs(total - 1) < 1e-11
                          && fabs(mean - alibi_mean_distance(m, n)) < 1e-9,
                      "n = %d, m = %g", n, m);
        }
    cr_assert(fabs(alibi_mean_distance(0.5, 100) - 1 / expm1(0.5)) < 1e-12);
    // the truncation is not to be forgotten
    cr_assert(alibi_mean_distance(1 / 256.0, 256) < 0.5 / expm1(1 / 256.0));
}

// In a causal row -m (i - j) and +m j differ by one number: what softmax does not see.
Test(alibi, the_two_forms_differ_by_a_constant_of_the_row) {
    Position p = position_new_alibi(3, (Mat){0});
    for (int h = 0; h < 3; h++) {
        Mat scores = mat_new(9, 20);
        double m = *mat_at(p.parameters, 0, h), planted = 0;
        position_bias(&p, h, scores, 11, 0);
        for (int i = 0; i < 9; i++)
            for (int j = 1; j <= 11 + i; j++) {
                double here = *mat_at(scores, i, j), first = *mat_at(scores, i, 0);
                cr_assert(fabs((here - m * j) - first) < TOLERANCE * 10);
                // the sign turned round
                planted = fmax(planted, fabs((here + m * j) - first));
            }
        cr_assert(planted > 0.01);
        mat_free(scores);
    }
    position_free(&p);
}

// ---- T5

Test(t5, buckets_of_the_published_code) {
    static const int causal[][2] = {{-3, 0},   {0, 0},    {15, 15},  {16, 16},
                                    {31, 21},  {64, 26},  {112, 30}, {113, 31},
                                    {128, 31}, {9999, 31}};
    static const int both[][2] = {{0, 0},    {1, 1},   {8, 8},    {15, 9},
                                  {16, 10},  {31, 11}, {32, 12},  {64, 14},
                                  {128, 15}, {-1, 17}, {-128, 31}};
    for (size_t i = 0; i < sizeof causal / sizeof *causal; i++)
        cr_assert(t5_bucket(causal[i][0], 32, 128, true) == causal[i][1], "distance %d",
                  causal[i][0]);
    for (size_t i = 0; i < sizeof both / sizeof *both; i++)
        cr_assert(t5_bucket(both[i][0], 32, 128, false) == both[i][1],
                  "distance %d: %d", both[i][0], t5_bucket(both[i][0], 32, 128, false));
    // planted: distance with the other sign is another bucket, except at 0
    for (int s = 1; s < 200; s++)
        cr_assert(t5_bucket(s, 32, 128, false) + 16 == t5_bucket(-s, 32, 128, false));
    for (int s = 1; s < 300; s++) {
        int step = t5_bucket(s, 32, 128, true) - t5_bucket(s - 1, 32, 128, true);
        cr_assert(step == 0 || step == 1);
    }
    cr_assert(t5_bucket(1, 2, 3, true) == 1 && t5_bucket(0, 2, 3, true) == 0);
}

// Powers of two: the logarithms' quotient is c / b, in whole numbers, which no rounding
// of a logarithm may make less.
Test(t5, powers_of_two_by_whole_numbers) {
    for (int a = 0; a <= 12; a++)
        for (int b = 1; a + b <= 30; b++)
            for (int c = 0; c < b; c++) {
                int exact = 1 << a, bucket = exact + exact * c / b;
                cr_assert_eq(t5_bucket(exact << c, 2 * exact, exact << b, true), bucket,
                             "distance 2^%d, %d exact, furthest 2^%d", a + c, exact,
                             a + b);
            }
}

// ---- sparse

static int span(const SparsePattern *layers, int count, int n, int *seen) {
    bool *reach = malloc((size_t)n * (size_t)n);
    sparse_reach(reach, n, layers, count);
    int first = 0;
    while (!reach[(n - 1) * n + first]) first++;
    *seen = 0;
    for (int j = 0; j < n; j++) {
        *seen += reach[(n - 1) * n + j];
        for (int i = 0; i < j; i++) cr_assert(!reach[i * n + j]);  // nothing ahead
    }
    free(reach);
    return n - first;
}

Test(sparse, receptive_fields) {
    for (int window = 1; window <= 5; window++)
        for (int count = 1; count <= 4; count++) {
            SparsePattern plain[4], dilated[4], growing[4];
            for (int l = 0; l < count; l++)
                plain[l] = (SparsePattern){window, 1},
                dilated[l] = (SparsePattern){window, 3},
                growing[l] = sparse_growing(l, window);
            int seen, field = count * (window - 1) + 1;
            cr_assert(span(plain, count, 100, &seen) == field && seen == field);
            // the usual error
            if (window > 1 && count > 1) cr_assert(field != count * window);
            cr_assert(span(dilated, count, 100, &seen) == 3 * (field - 1) + 1
                      && seen == field);
            int all = (int)pow(window, count);
            span(growing, count, 100, &seen);
            cr_assert(seen == (all < 100 ? all : 100));
        }
    SparsePattern alternating[2] = {sparse_alternating(0, 3), sparse_alternating(1, 3)};
    int seen;
    cr_assert(alternating[0].window == SPARSE_FULL && alternating[1].window == 3);
    cr_assert(span(alternating, 2, 50, &seen) == 50 && seen == 50);
}

// Dilations that no int holds reach nothing but the query itself: they must not wrap.
Test(sparse, growing_does_not_overflow) {
    int dilation = 1;
    for (int layer = 0; layer < 100; layer++) {
        SparsePattern p = sparse_growing(layer, 7);
        cr_assert(p.dilation >= dilation && sparse_sees(p, 900, 900));
        cr_assert(layer < 4 || !sparse_sees(p, 900, 899));
        dilation = p.dilation;
    }
    cr_assert_eq(sparse_growing(11, 7).dilation, 1977326743);
    cr_assert_eq(sparse_growing(12, 7).dilation, INT_MAX);
    cr_assert_eq(sparse_window_pairs(3000000000, INT_MAX), 4136607935007531519);
}

Test(sparse, pairs_and_mask) {
    for (int n = 1; n < 20; n++)
        for (int window = 1; window < 25; window++)
            cr_assert(sparse_pairs_counted((SparsePattern){window, 1}, n)
                      == sparse_window_pairs(n, window));
    cr_assert(sparse_pairs_counted((SparsePattern){SPARSE_FULL, 1}, 20) == 20 * 21 / 2);
    Mat mask = mat_new(6, 6);
    sparse_mask(mask, (SparsePattern){2, 2});
    for (int i = 0; i < 6; i++)
        for (int j = 0; j < 6; j++)
            cr_assert((*mat_at(mask, i, j) == 0) == (i == j || i == j + 2));
    mat_free(mask);
}
