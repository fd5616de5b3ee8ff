// The test that a course assignment would be content with, so that its blind spots can
// be counted (run.sh): one shape, 128 queries and keys of dimension 64, with and without
// a causal mask, within 1e-2 of the reference, absolute and relative.
#include <criterion/criterion.h>
#include <math.h>

#include "ch06_flash/flash2.h"
#include "ch06_flash/flash_backward.h"
#include "ch06_flash/flash_fast.h"
#include "ch06_flash/tests/reference.h"

enum { N = 128, D = 64 };

static void close_to(Mat got, Mat want, const char *what) {
    for (int i = 0; i < got.rows; i++)
        for (int j = 0; j < got.cols; j++) {
            double x = *mat_at(got, i, j), y = *mat_at(want, i, j);
            cr_assert(fabs(x - y) <= 1e-2 + 1e-2 * fabs(y), "%s: %g, not %g", what, x,
                      y);
        }
}

typedef struct {
    Mat out, lse, q, k, v;
} Results;

static Results results_new(void) {
    return (Results){mat_new(N, D), mat_new(N, 1), mat_new(N, D), mat_new(N, D),
                     mat_new(N, D)};
}

static void compare(const Results *got, const Results *want) {
    close_to(got->out, want->out, "O"), close_to(got->lse, want->lse, "L");
    close_to(got->q, want->q, "dQ"), close_to(got->k, want->k, "dK");
    close_to(got->v, want->v, "dV");
}

static void one_shape(bool causal) {
    Rng rng = rng_new(1);
    FlashHead h = {.q = random_mat(&rng, N, D, 1),
                   .k = random_mat(&rng, N, D, 1),
                   .v = random_mat(&rng, N, D, 1),
                   .scale = 1 / (real)8,
                   .mask = {.causal = causal}};
    Mat out_grad = random_mat(&rng, N, D, 1), none = mat_new(N, 1);
    Results want = results_new(), got = results_new(), fast = results_new();
    reference_attention(want.out, want.lse, &h);
    reference_backward(want.q, want.k, want.v, out_grad, none, &h);
    Memory m = memory_new(MEMORY_PLAIN, 0);
    flash2(got.out, got.lse, &h, (Blocks){16, 16}, &m);
    flash_backward((FlashGrads){got.q, got.k, got.v, {0}},
                   (FlashOut){got.out, got.lse, out_grad, {0}}, &h, (Blocks){16, 16},
                   &m);
    compare(&got, &want);
    flash_fast_head(fast.out, fast.lse, &h);
    flash_fast_head_backward((FlashGrads){fast.q, fast.k, fast.v, {0}},
                             (FlashOut){fast.out, fast.lse, out_grad, {0}}, &h);
    compare(&fast, &want);
    memory_free(&m);
}
Test(one_shape, full) { one_shape(false); }
Test(one_shape, causal) { one_shape(true); }
