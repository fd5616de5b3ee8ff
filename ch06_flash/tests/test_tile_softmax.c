// The softmax of tiles: against the definition in double, for scores of all sizes; powers
// of two that change no digit; and lanes that have nothing to do with each other.
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch06_flash/flash_fast.h"
#include "ch06_flash/tests/reference.h"
#include "ch06_flash/tile_softmax.h"

enum { BLOCKS = 5, KEYS = BLOCKS * TILE_KEYS, ALL = KEYS * TILE_COLS };

// What is kept of a column: L, and the mean of the values 0, 1, 2, ... of its keys.
typedef struct {
    real log, mean;
} Column;

static void see_all(Column c[TILE_COLS], const real *scores, bool small, bool open) {
    static real s[TILE_KEYS * TILE_COLS];
    Vec sum[TILE_VECS] = {{0}}, share[TILE_VECS];
    TileSoftmax t = tile_softmax_new(small);
    for (int block = 0; block < BLOCKS; block++) {
        memcpy(s, scores + block * TILE_KEYS * TILE_COLS, sizeof s);
        tile_softmax_see(&t, s, TILE_KEYS, open);
        for (int v = 0; v < TILE_VECS; v++) {
            sum[v] *= t.factor[v];
            for (int j = 0; j < TILE_KEYS; j++)
                sum[v] += vec_load(s + j * TILE_COLS + v * VEC_LANES)
                          * (real)(block * TILE_KEYS + j);
        }
    }
    tile_softmax_shares(share, &t);
    for (int i = 0; i < TILE_COLS; i++)
        c[i] = (Column){tile_softmax_log(&t, i),
                        (share[i / VEC_LANES] * sum[i / VEC_LANES])[i % VEC_LANES]};
}

static void see_exactly(double *log_sum, double *mean, const real *scores, int lane) {
    double most = -INFINITY, sum = 0, all = 0;
    for (int j = 0; j < KEYS; j++)
        most = fmax(most, (double)scores[j * TILE_COLS + lane]);
    for (int j = 0; j < KEYS; j++) {
        double e = exp((double)scores[j * TILE_COLS + lane] - most);
        sum += e, all += j * e;
    }
    *log_sum = most + log(sum), *mean = all / sum;
}

static real *scores_new(double mean, double sd) {
    Rng rng = rng_new(12);
    real *s = malloc(ALL * sizeof *s);
    for (int i = 0; i < ALL; i++) s[i] = (real)(mean + sd * rng_normal(&rng));
    return s;
}

// Scores about 0, far from it, farther than z can go; small and large differences. An
// exponential is off by 2e-7 and 1.4e-8 times the score's distance from the largest (in
// double, the reference by 2^-53 times that): 16 roundings. The mean of numbers up to
// KEYS is off by no more than KEYS times that; L is rounded like any number.
Test(tile_softmax, is_the_definition) {
    const double means[] = {0, 20, -90, 1e3, -1e5, 1e6, 3e6, -1e7};
    for (int m = 0; m < 8; m++)
        for (double sd = 1; sd < 1000; sd *= 16) {
            real *s = scores_new(means[m], sd);
            Column c[TILE_COLS];
            see_all(c, s, false, false);
            for (int i = 0; i < TILE_COLS; i++) {
                double l, mean, size = fabs(means[m]) + 5 * sd;
                see_exactly(&l, &mean, s, i);
                cr_assert_float_eq((double)c[i].mean, mean, KEYS * 16 * REAL_EPS,
                                   "%g %g: off by %g", means[m], sd,
                                   (double)c[i].mean - mean);
                cr_assert_float_eq((double)c[i].log, l, 4 * REAL_EPS * (1 + size),
                                   "%g %g: L %.9g, not %.9g", means[m], sd,
                                   (double)c[i].log, l);
            }
            free(s);
        }
}

// Nobody looks for a maximum, or nothing is hidden: not a bit of the mean changes, and L
// is the logarithm of the same number.
Test(tile_softmax, small_scores_have_the_same_digits) {
    real *s = scores_new(3, 6);
    for (int i = 0; i < ALL; i++)
        s[i] = (real)fmax(-SCORE_SMALL, fmin(SCORE_SMALL, s[i]));
    Column want[TILE_COLS], c[TILE_COLS];
    see_all(want, s, false, false);
    for (int open = 0; open < 2; open++) {
        see_all(c, s, true, open);
        for (int i = 0; i < TILE_COLS; i++) {
            cr_assert_eq(c[i].mean, want[i].mean);
            cr_assert_float_eq(c[i].log, want[i].log, 2 * REAL_EPS * fabs(want[i].log));
        }
    }
    free(s);
}

static void set_lane(real *s, int lane, real score) {
    for (int j = 0; j < KEYS; j++) s[j * TILE_COLS + lane] = score;
}

// Lanes that see nothing, scores that are not numbers, and what the others make of it.
Test(tile_softmax, lanes_have_nothing_to_do_with_each_other) {
    real *s = scores_new(0, 2);
    Column want[TILE_COLS], c[TILE_COLS];
    see_all(want, s, false, false);
    set_lane(s, 1, -INFINITY), set_lane(s, 2, 5);
    s[60 * TILE_COLS + 3] = NAN, s[70 * TILE_COLS + 4] = INFINITY;
    s[80 * TILE_COLS + 5] = (real)1e7;  // all others' weights vanish
    see_all(c, s, false, false);
    cr_assert(c[1].mean == 0 && c[1].log == -INFINITY);
    cr_assert_float_eq(c[2].log, 5 + log(KEYS), 50 * REAL_EPS);
    cr_assert(isnan(c[3].mean) && isnan(c[4].mean));
    cr_assert(c[5].mean == 80 && c[5].log == (real)1e7);
    for (int i = 6; i < TILE_COLS; i++)
        cr_assert(c[i].mean == want[i].mean && c[i].log == want[i].log);
    free(s);
}

// A key so long that all of the head's scores could be large, which no query sees: no bit
// of the output changes.
Test(tile_softmax, a_long_key_that_nobody_sees_changes_no_bit) {
    enum { T = 2 * TILE_COLS + 5, S = 3 * TILE_KEYS + 7, D = 40 };
    Rng rng = rng_new(3);
    const int seen = S - 1;
    FlashHead h = {.q = random_mat(&rng, T, D, 1),
                   .k = random_mat(&rng, S, D, 1),
                   .v = random_mat(&rng, S, D, 1),
                   .scale = (real)0.2,
                   .mask = {.key_lengths = &seen}};
    Mat out[2], lse = mat_new(T, 1);
    for (int times = 0; times < 2; times++) {
        out[times] = mat_new(T, D);
        flash_fast_head(out[times], lse, &h);
        mat_fill(mat_rows(h.k, S - 1, 1), 1000);
    }
    cr_assert(memcmp(out[0].at, out[1].at, T * D * sizeof(real)) == 0);
    mat_free(out[0]), mat_free(out[1]), mat_free(lse);
    mat_free(h.q), mat_free(h.k), mat_free(h.v);
}
