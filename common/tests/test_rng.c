#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "common/numeric/mat.h"
#include "common/numeric/rng.h"

// ---- random numbers

// The mean of n draws of variance v is within 5 standard errors of the truth.
static void mean_is(double sum, int n, double mean, double variance, const char *what) {
    cr_assert_leq(fabs(sum / n - mean), 5 * sqrt(variance / n), "%s: %g, not %g", what,
                  sum / n, mean);
}

Test(rng, moments) {
    enum { N = 200000 };
    Rng rng = rng_new(3);
    double uniform = 0, square = 0, normal = 0, normal2 = 0, normal4 = 0;
    for (int i = 0; i < N; i++) {
        double u = rng_uniform(&rng), z = rng_normal(&rng);
        cr_assert(u >= 0 && u < 1);
        uniform += u, square += u * u;
        normal += z, normal2 += z * z, normal4 += z * z * z * z;
    }
    mean_is(uniform, N, 0.5, 1.0 / 12, "uniform");
    mean_is(square, N, 1.0 / 3, 4.0 / 45, "uniform, squared");
    mean_is(normal, N, 0, 1, "normal");
    mean_is(normal2, N, 1, 2, "normal, squared");
    mean_is(normal4, N, 3, 96, "normal, to the fourth");
}

// The first outputs of xoshiro256++ from the state 1, 2, 3, 4, as the authors' own code
// gives them.
Test(rng, is_xoshiro256) {
    Rng rng = {{1, 2, 3, 4}};
    uint64_t want[] = {41943041u, 58720359u, 3588806011781223u, 3591011842654386u};
    for (int i = 0; i < 4; i++) cr_assert_eq(rng_bits(&rng), want[i]);
}

Test(rng, categorical_below_and_shuffle) {
    enum { N = 60000 };
    Rng rng = rng_new(4);
    double p[] = {0.5, 0, 1.5, 1}, seen[4] = {0}, below[7] = {0}, first[5] = {0};
    for (int i = 0; i < N; i++) {
        seen[rng_categorical(&rng, p, 4)]++;
        below[rng_below(&rng, 7)]++;
        int items[] = {0, 1, 2, 3, 4};
        rng_shuffle(&rng, items, 5);
        first[items[0]]++;
    }
    for (int i = 0; i < 4; i++)
        mean_is(seen[i], N, p[i] / 3, p[i] / 3 * (1 - p[i] / 3), "categorical");
    for (int i = 0; i < 7; i++) mean_is(below[i], N, 1.0 / 7, 6.0 / 49, "below");
    for (int i = 0; i < 5; i++) mean_is(first[i], N, 0.2, 0.16, "shuffle");
    cr_assert_eq(seen[1], 0);
}

Test(rng, streams_differ_and_repeat) {
    Rng parent = rng_new(1), a = rng_split(&parent, 0), b = rng_split(&parent, 1),
        again = rng_split(&parent, 0);
    int same = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t x = rng_bits(&a);
        same += x == rng_bits(&b);
        cr_assert_eq(x, rng_bits(&again));
    }
    cr_assert_eq(same, 0);
}

// The ends of [0, 1): s0 = s3 = 0 gives 0; s0 = 0 and s3 = -1 the largest there is.
static const Rng draws_least = {{0, 1, 2, 0}}, draws_most = {{0, 1, 2, UINT64_MAX}};

Test(rng, the_ends) {
    Rng least = draws_least, most = draws_most;
    cr_assert_eq(rng_uniform(&least), 0);
    cr_assert_eq(rng_uniform(&most), 1 - 0x1p-53);
    least = draws_least, most = draws_most;
    cr_assert(isfinite(rng_normal(&least)) && isfinite(rng_normal(&most)));
}

// Where rounding leaves a sliver past the end, what has no probability is not drawn.
Test(rng, an_impossible_item_is_never_drawn) {
    for (int n = 2; n < 200; n++) {
        double p[200] = {0};
        for (int i = 0; i < n; i++) p[i] = 0.1 / (1 + i % 7);
        Rng most = draws_most, least = draws_least;
        cr_assert_eq(rng_categorical(&most, p, 200), n - 1, "%d", n);
        memmove(p + 1, p, 199 * sizeof *p), p[0] = 0;
        cr_assert_eq(rng_categorical(&least, p, 200), 1, "%d", n);
    }
}

// ---- matrices

// Memory that was used before too.
Test(mat, a_new_one_is_zero) {
    for (int round = 0; round < 3; round++) {
        Mat m = mat_new(30, 40);
        for (int i = 0; i < 30 * 40; i++) cr_assert_eq(m.at[i], 0);
        mat_fill(m, 7);
        mat_free(m);
    }
}

Test(mat, views_share_memory) {
    Mat m = mat_new(3, 4);
    *mat_at(m, 1, 2) = 7;
    cr_assert_eq(*mat_at(mat_transpose(m), 2, 1), 7);
    cr_assert_eq(*mat_at(mat_rows(m, 1, 2), 0, 2), 7);
    cr_assert_eq(*mat_at(mat_cols(m, 2, 2), 1, 0), 7);
    cr_assert_eq(*mat_at(mat_cols(mat_transpose(m), 1, 1), 2, 0), 7);
    mat_fill(mat_cols(m, 0, 2), 1);
    cr_assert(*mat_at(m, 2, 1) == 1 && *mat_at(m, 2, 2) == 0);
    cr_assert_eq((uintptr_t)m.at % 64, 0);
    mat_free(m);
}
