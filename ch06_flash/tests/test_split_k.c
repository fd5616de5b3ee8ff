// Parts of the keys, put together: forward, backward, and parts that see nothing.
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch06_flash/flash2.h"
#include "ch06_flash/flash_backward.h"
#include "ch06_flash/split_decode.h"
#include "ch06_flash/split_k.h"
#include "ch06_flash/tests/reference.h"
#include "common/numeric/threads.h"

static void any_split(const FlashHead *h, Rng *rng) {
    (void)rng;
    int T = h->q.rows;
    Mat out = mat_new(T, h->v.cols), want = mat_new(T, h->v.cols), l = mat_new(T, 1),
        l_want = mat_new(T, 1);
    reference_attention(want, l_want, h);
    for (int parts = 1; parts <= h->k.rows; parts = parts * 3 - 1 + (parts == 1)) {
        split_attention(out, l, h, parts);
        cr_assert(mat_difference(out, want) <= reference_tolerance(h), "%d parts",
                  parts);
        cr_assert(mat_difference(l, l_want) <= reference_tolerance(h), "%d parts",
                  parts);
    }
    mat_free(out), mat_free(want), mat_free(l), mat_free(l_want);
}
Test(split_k, any_split_is_the_whole) { every_head(any_split); }

Test(split_k, a_part_that_saw_nothing_changes_no_bit) {
    Rng rng = rng_new(1);
    Mat out = random_mat(&rng, 3, 4, 1), l = random_mat(&rng, 3, 1, 1),
        before = mat_new(3, 4), l_before = mat_new(3, 1), none = mat_new(3, 4),
        l_none = mat_new(3, 1);
    mat_copy(before, out), mat_copy(l_before, l);
    mat_fill(l_none, -(real)INFINITY);
    split_merge(out, l, none, l_none);
    cr_assert(mat_difference(out, before) == 0 && mat_difference(l, l_before) == 0);
    split_merge(none, l_none, out, l);  // and the other way round
    cr_assert(mat_difference(none, before) == 0
              && mat_difference(l_none, l_before) == 0);
    Mat all[] = {out, l, before, l_before, none, l_none};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
}

// The gradients of the whole are those of its parts, each from its own dO and dL.
static void through_the_merge(const FlashHead *h, Rng *rng) {
    enum { PARTS = 3 };
    int T = h->q.rows, S = h->k.rows, d = h->q.cols, d_v = h->v.cols,
        size = split_size(S, PARTS);
    SplitWhole w = {mat_new(T, d_v), mat_new(T, 1), random_mat(rng, T, d_v, 1),
                    random_mat(rng, T, 1, 1)};
    Mat q = mat_new(T, d), k = mat_new(S, d), v = mat_new(S, d_v),
        q_want = mat_new(T, d), k_want = mat_new(S, d), v_want = mat_new(S, d_v),
        o = mat_new(T, d_v), l = mat_new(T, 1), o_grad = mat_new(T, d_v),
        l_grad = mat_new(T, 1);
    unsigned char *allowed = calloc((size_t)T * (size_t)S, 1);
    split_attention(w.out, w.lse, h, PARTS);
    reference_backward(q_want, k_want, v_want, w.out_grad, w.lse_grad, h);
    for (int first = 0; first < S; first += size) {
        int count = size < S - first ? size : S - first;
        Memory m = memory_new(MEMORY_PLAIN, 0);
        flash2_part(o, l, h, first, count, (Blocks){5, 7}, &m);
        split_merge_backward(o_grad, l_grad, w, o, l);
        // a head that sees this part's keys only: by a table
        FlashHead part = *h;
        for (int i = 0; i < T; i++)
            for (int j = 0; j < S; j++)
                allowed[i * S + j] =
                    first <= j && j < first + count && reference_sees(h, i, j);
        part.mask = (Mask){.allowed = allowed};
        flash_backward((FlashGrads){q, k, v, {0}}, (FlashOut){o, l, o_grad, l_grad},
                       &part, (Blocks){4, 6}, &m);
        memory_free(&m);
    }
    double off = reference_tolerance(h) * 20 * (1 + T / 8.0);
    cr_assert(mat_difference(q, q_want) <= off && mat_difference(k, k_want) <= off
              && mat_difference(v, v_want) <= off);
    Mat all[] = {w.out,  w.lse,  w.out_grad, w.lse_grad, q, k,      v,
                 q_want, k_want, v_want,     o,          l, o_grad, l_grad};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
    free(allowed);
}
Test(split_k, gradients_go_through_the_merge) { every_head(through_the_merge); }

Test(split_k, bits_do_not_depend_on_threads) {
    enum { S = 40000, D = 64 };
    Rng rng = rng_new(2);
    FlashHead h = {.q = random_mat(&rng, 2, D, 1),
                   .k = random_mat(&rng, S, D, 1),
                   .v = random_mat(&rng, S, D, 1),
                   .scale = (real)0.125};
    Mat out = mat_new(2, D), first = mat_new(2, D), l = mat_new(2, 1);
    int before = threads_set(1);
    split_attention(first, l, &h, 7);
    for (int threads = 2; threads <= 4; threads++) {
        threads_set(threads);
        split_attention(out, l, &h, 7);
        cr_assert_eq(memcmp(out.at, first.at, 2 * D * sizeof(real)), 0);
    }
    threads_set(before);
    Mat all[] = {h.q, h.k, h.v, out, first, l};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
}

// split_decode against the formula: lengths around blocks and parts, shared keys, and
// widths that are no vectors.
static void decode_case(Rng *rng, int keys, int heads, int kv_heads, int d) {
    Mat q = random_mat(rng, 1, heads * d, 1),
        k = random_mat(rng, keys, kv_heads * d, 2),
        v = random_mat(rng, keys, kv_heads * d, 1), out = mat_new(1, heads * d),
        lse = mat_new(heads, 1), want = mat_new(1, d), l_want = mat_new(1, 1);
    split_decode(out, lse, q, k, v, heads, kv_heads, (real)(1 / sqrt(d)));
    for (int h = 0; h < heads; h++) {
        int kv = h / (heads / kv_heads);
        FlashHead one = {.q = mat_cols(q, h * d, d),
                         .k = mat_cols(k, kv * d, d),
                         .v = mat_cols(v, kv * d, d),
                         .scale = (real)(1 / sqrt(d))};
        reference_attention(want, l_want, &one);
        // sums of `keys` terms below 6; scores of up to 12 with d roundings each
        double off = REAL_EPS * 6 * (keys + 12 * (d + 8));
        cr_assert(mat_difference(mat_cols(out, h * d, d), want) <= off,
                  "%d keys, head %d", keys, h);
        cr_assert(mat_difference(mat_rows(lse, h, 1), l_want) <= off, "%d keys", keys);
    }
    Mat all[] = {q, k, v, out, lse, want, l_want};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
}
Test(split_k, decoding_is_attention_of_one_query) {
    Rng rng = rng_new(5);
    const int lengths[] = {1,
                           63,
                           64,
                           65,
                           SPLIT_KEYS - 1,
                           SPLIT_KEYS,
                           SPLIT_KEYS + 1,
                           2 * SPLIT_KEYS + 100};
    for (int i = 0; i < 8; i++) {
        decode_case(&rng, lengths[i], 4, 4, 16);
        decode_case(&rng, lengths[i], 6, 2, 5);
        decode_case(&rng, lengths[i], 3, 1, 80);
    }
    Mat q = random_mat(&rng, 1, 8, 1), none = mat_new(0, 8),
        out = random_mat(&rng, 1, 8, 1), lse = mat_new(2, 1);
    split_decode(out, lse, q, none, none, 2, 2, 1);
    cr_assert(mat_largest(out) == 0 && lse.at[0] == -(real)INFINITY);
    mat_free(q), mat_free(none), mat_free(out), mat_free(lse);
}
Test(split_k, decoding_has_the_same_bits_for_any_number_of_threads) {
    Rng rng = rng_new(6);
    enum { KEYS = 5000, H = 4, D = 32 };
    Mat q = random_mat(&rng, 1, H * D, 1), k = random_mat(&rng, KEYS, 2 * D, 1),
        v = random_mat(&rng, KEYS, 2 * D, 1), a = mat_new(1, H * D),
        b = mat_new(1, H * D), lse = mat_new(H, 1);
    int before = threads_set(1);
    split_decode(a, lse, q, k, v, H, 2, 1);
    for (int t = 2; t <= 4; t++) {
        threads_set(t);
        split_decode(b, lse, q, k, v, H, 2, 1);
        cr_assert(memcmp(a.at, b.at, H * D * sizeof(real)) == 0, "%d threads", t);
    }
    threads_set(before);
    Mat all[] = {q, k, v, a, b, lse};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
}
