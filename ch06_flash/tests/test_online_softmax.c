// Parts of a row, and attention that keeps one score at a time.
#include <criterion/criterion.h>
#include <math.h>

#include "ch02_attention/attention.h"
#include "ch06_flash/online_softmax.h"
#include "ch06_flash/tests/reference.h"

static void equal_parts(RowPart a, RowPart b, double relative) {
    cr_assert_eq(a.max, b.max);
    cr_assert(fabs(a.sum - b.sum) <= relative * fabs(b.sum), "%.17g %.17g", a.sum,
              b.sum);
}

Test(online_softmax, any_cut_and_any_order_is_the_whole_row) {
    enum { N = 37 };
    Rng rng = rng_new(1);
    real s[N];
    for (int trial = 0; trial < 200; trial++) {
        double most = -INFINITY, sum = 0;
        for (int j = 0; j < N; j++) {
            s[j] = rng_below(&rng, 5) ? (real)(20 * rng_normal(&rng)) : -(real)INFINITY;
            most = fmax(most, s[j]);
        }
        for (int j = 0; j < N; j++) sum += exp(s[j] - most);
        int a = rng_below(&rng, N), b = a + rng_below(&rng, N - a);
        RowPart parts[] = {row_part_of(s, a), row_part_of(s + a, b - a),
                           row_part_of(s + b, N - b)};
        RowPart left = row_part_merge(row_part_merge(parts[0], parts[1]), parts[2]),
                right = row_part_merge(parts[0], row_part_merge(parts[1], parts[2])),
                turned = row_part_merge(parts[2], row_part_merge(parts[1], parts[0])),
                want = {(real)most, (real)sum};
        // at most N merges, of three roundings each
        equal_parts(left, want, 3 * N * REAL_EPS);
        equal_parts(right, want, 3 * N * REAL_EPS);
        equal_parts(turned, want, 3 * N * REAL_EPS);
    }
}

Test(online_softmax, a_part_that_saw_nothing_changes_no_bit) {
    RowPart empty = row_part_empty(), some = {3, (real)1.25};
    RowPart hidden = row_part_of((real[]){-(real)INFINITY, -(real)INFINITY}, 2);
    equal_parts(row_part_merge(some, empty), some, 0);
    equal_parts(row_part_merge(empty, some), some, 0);
    equal_parts(row_part_merge(hidden, some), some, 0);
    equal_parts(row_part_merge(empty, hidden), empty, 0);
    cr_assert_eq(row_part_log(empty), -(real)INFINITY);
    cr_assert_eq(row_part_factor(empty, empty), 0);
}

// Five equal scores: ln 5 = 1.609438, not log2 5 = 2.3219.
Test(online_softmax, l_is_a_natural_logarithm) {
    RowPart five = row_part_of((real[]){0, 0, 0, 0, 0}, 5);
    cr_assert_float_eq(row_part_log(five), 1.6094379124341003, 8 * REAL_EPS);
}

static void is_attention(const FlashHead *h, Rng *rng) {
    (void)rng;
    int T = h->q.rows;
    Mat out = mat_new(T, h->v.cols), want = mat_new(T, h->v.cols), l = mat_new(T, 1),
        l_want = mat_new(T, 1);
    online_attention(out, l, h);
    reference_attention(want, l_want, h);
    cr_assert(mat_difference(out, want) <= reference_tolerance(h));
    cr_assert(mat_difference(l, l_want) <= reference_tolerance(h));
    mat_free(out), mat_free(want), mat_free(l), mat_free(l_want);
}
Test(online_softmax, attention) { every_head(is_attention); }

// The plain formula of chapter 2 gives the same, as far as it goes: no cap, no
// position.
Test(online_softmax, is_chapter_2s) {
    enum { T = 20, S = 31, D = 6 };
    Rng rng = rng_new(2);
    FlashHead h = {.q = random_mat(&rng, T, D, 1),
                   .k = random_mat(&rng, S, D, 1),
                   .v = random_mat(&rng, S, D, 1),
                   .scale = attention_scale(D),
                   .mask = {.causal = true}};
    Mat out = mat_new(T, D), plain = mat_new(T, D), weights = mat_new(T, S);
    online_attention(out, (Mat){0}, &h);
    attention(plain, weights, h.q, h.k, h.v, h.scale, (Mat){0}, &h.mask);
    cr_assert(mat_difference(out, plain) <= reference_tolerance(&h));
    Mat all[] = {h.q, h.k, h.v, out, plain, weights};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
}

// Falling scores raise the maximum once, rising ones every time.
Test(online_softmax, how_often_a_maximum_rises) {
    real one = 1, keys[] = {5, 4, 3, 2, 1}, out, up[] = {1, 2, 3, 4, 5};
    FlashHead h = {.q = mat_view(&one, 1, 1),
                   .k = mat_view(keys, 5, 1),
                   .v = mat_view(keys, 5, 1),
                   .scale = 1};
    cr_assert_eq(online_attention(mat_view(&out, 1, 1), (Mat){0}, &h), 1);
    h.k.at = up;
    cr_assert_eq(online_attention(mat_view(&out, 1, 1), (Mat){0}, &h), 5);
}

// 88.73 is as far as e^s goes in float; scores of 1e5, and all of them below -1e5.
Test(online_softmax, large_scores) {
    real one = 1, out, value[] = {1, 2, 3}, keys[] = {100000, 99999, -100000},
         low[] = {-100001, -100000, -100003}, log_sum;
    FlashHead h = {.q = mat_view(&one, 1, 1),
                   .k = mat_view(keys, 3, 1),
                   .v = mat_view(value, 3, 1),
                   .scale = 1};
    online_attention(mat_view(&out, 1, 1), mat_view(&log_sum, 1, 1), &h);
    cr_assert_float_eq(out, 1.2689414213699951, 16 * REAL_EPS);
    h.k.at = low;
    online_attention(mat_view(&out, 1, 1), mat_view(&log_sum, 1, 1), &h);
    double e = exp(-1), e3 = exp(-3);
    cr_assert_float_eq(out, (e + 2 + 3 * e3) / (1 + e + e3), 16 * REAL_EPS);
}
