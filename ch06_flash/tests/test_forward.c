// Every version of the forward pass, in every kind of memory, against the definition.
#include <criterion/criterion.h>
#include <math.h>

#include "ch06_flash/flash1.h"
#include "ch06_flash/flash2.h"
#include "ch06_flash/standard.h"
#include "ch06_flash/tests/reference.h"
#include "ch06_flash/traffic.h"

static FlashRun *const versions[] = {standard_attention, flash1, flash2};
enum { VERSIONS = sizeof versions / sizeof *versions };
static const Blocks blocks[] = {{1, 1}, {4, 6}, {16, 3}, {64, 64}, {3, 200}};
enum { BLOCKS = sizeof blocks / sizeof *blocks };

static void check_version(FlashRun *run, const FlashHead *h, Blocks b, Mat want,
                          Mat l_want) {
    Mat out = mat_new(want.rows, want.cols), l = mat_new(want.rows, 1),
        first = mat_new(want.rows, want.cols);
    for (int kind = 0; kind < MEMORY_KINDS; kind++) {
        Memory m = memory_new((MemoryKind)kind, 512);
        mat_fill(out, NAN), mat_fill(l, NAN);
        run(out, l, h, b, &m);
        memory_free(&m);
        cr_assert(mat_difference(out, want) <= reference_tolerance(h),
                  "T %d S %d blocks %d x %d: off by %g", want.rows, h->k.rows, b.rows,
                  b.cols, mat_difference(out, want));
        cr_assert(mat_difference(l, l_want) <= reference_tolerance(h));
        if (kind == 0) mat_copy(first, out);
        cr_assert_eq(mat_difference(first, out), 0, "memory changes no bit");
    }
    mat_free(out), mat_free(l), mat_free(first);
}

static void check_forward(const FlashHead *h, Rng *rng) {
    (void)rng;
    Mat want = mat_new(h->q.rows, h->v.cols), l_want = mat_new(h->q.rows, 1);
    reference_attention(want, l_want, h);
    for (int v = 0; v < VERSIONS; v++)
        for (int b = 0; b < BLOCKS; b++)
            check_version(versions[v], h, blocks[b], want, l_want);
    mat_free(want), mat_free(l_want);
}
Test(forward, every_version_every_head_every_memory) { every_head(check_forward); }

// ---- conventions, with numbers that can be checked by hand: all scores 0, V the unit
// matrix, so that the rows of the output are the weights

static void run_units(FlashRun *run, int T, int S, Mask mask, Mat out, Mat l) {
    Mat q = mat_new(T, 1), k = mat_new(S, 1), v = mat_new(S, S);
    for (int j = 0; j < S; j++) *mat_at(v, j, j) = 1;
    FlashHead h = {.q = q, .k = k, .v = v, .scale = 1, .mask = mask};
    Memory m = memory_new(MEMORY_PLAIN, 0);
    run(out, l, &h, (Blocks){2, 2}, &m);
    memory_free(&m), mat_free(q), mat_free(k), mat_free(v);
}

static void expect(FlashRun *run, int T, int S, Mask mask, const int *seen) {
    Mat out = mat_new(T, S), l = mat_new(T, 1);
    run_units(run, T, S, mask, out, l);
    for (int i = 0; i < T; i++) {
        int count = 0;
        for (int j = 0; j < S; j++) count += seen[i * S + j];
        for (int j = 0; j < S; j++)
            cr_assert_float_eq(*mat_at(out, i, j), seen[i * S + j] ? 1.0 / count : 0,
                               4 * REAL_EPS);
        if (count) cr_assert_float_eq(*mat_at(l, i, 0), log(count), 8 * REAL_EPS);
        else cr_assert_eq(*mat_at(l, i, 0), -(real)INFINITY);
    }
    mat_free(out), mat_free(l);
}

// Causal is aligned at the end, also where T is not S.
Test(forward, causal_is_aligned_at_the_end) {
    const int few[] = {1, 1, 1, 1, 0, 1, 1, 1, 1, 1},
              many[] = {0, 0, 0, 0, 0, 0, 1, 0, 1, 1};
    for (int v = 0; v < VERSIONS; v++) {
        expect(versions[v], 2, 5, (Mask){.causal = true}, few);
        expect(versions[v], 5, 2, (Mask){.causal = true}, many);
    }
}

// Of 5 tokens with a window of 3: rows of 1, 2, 3, 3, 3 keys. A window of 1 is V
// itself.
Test(forward, a_window_counts_the_query_itself) {
    const int three[] = {1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 1,
                         0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1},
              one[] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    for (int v = 0; v < VERSIONS; v++) {
        expect(versions[v], 5, 5, (Mask){.causal = true, .window = 3}, three);
        expect(versions[v], 3, 3, (Mask){.causal = true, .window = 1}, one);
    }
}

// c = 2, scores 0, 1, 4: 0, 0.92423, 1.92806.
Test(forward, soft_cap) {
    Rng rng = rng_new(1);
    real one = 1, keys[] = {0, 1, 4};
    Mat v = random_mat(&rng, 3, 3, 1);
    FlashHead h = {.q = mat_view(&one, 1, 1),
                   .k = mat_view(keys, 3, 1),
                   .v = v,
                   .scale = 1,
                   .softcap = 2};
    real s[] = {0, 1, 4};
    scores_finish(mat_view(s, 1, 3), &h, 0, 0);
    cr_assert_float_eq(s[0], 0, 1e-6);
    cr_assert_float_eq(s[1], 0.9242343145, 1e-6);
    cr_assert_float_eq(s[2], 1.9280551601, 1e-6);
    mat_free(v);
}

// What naive attention does with a NaN or an infinity, the others do: that row and no
// other.
Test(forward, nan_and_infinity_spoil_their_row_alone) {
    enum { T = 9, D = 4 };
    Rng rng = rng_new(5);
    const real bad[] = {NAN, INFINITY};
    for (int b = 0; b < 2; b++)
        for (int v = 0; v < VERSIONS; v++) {
            FlashHead h = {.q = random_mat(&rng, T, D, 1),
                           .k = random_mat(&rng, T, D, 1),
                           .v = random_mat(&rng, T, D, 1),
                           .scale = 1};
            Mat out = mat_new(T, D), l = mat_new(T, 1);
            Memory m = memory_new(MEMORY_PLAIN, 0);
            *mat_at(h.q, 3, 1) = bad[b];
            for (int j = 0; j < T; j++) *mat_at(h.k, j, 1) = 1;
            versions[v](out, l, &h, (Blocks){2, 3}, &m);
            for (int i = 0; i < T; i++)
                for (int c = 0; c < D; c++)
                    cr_assert_eq(isnan(*mat_at(out, i, c)), i == 3);
            memory_free(&m), mat_free(out), mat_free(l);
            mat_free(h.q), mat_free(h.k), mat_free(h.v);
        }
}
