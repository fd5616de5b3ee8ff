// Scores of attention maps that can be seen to be right.
#include <criterion/criterion.h>

#include "ch04_pretrain/induction.h"

enum { T = 5 };

// a b c a b: query 3 (a) finds b at 1; query 4 (b) finds c at 2. No other has a pair.
static const int text[T] = {0, 1, 2, 0, 1};

static Mat map_of(double rows[T][T]) {
    Mat m = mat_new(T, T);
    for (int i = 0; i < T; i++)
        for (int j = 0; j < T; j++) *mat_at(m, i, j) = (real)rows[i][j];
    return m;
}

Test(induction, even_weights_are_nothing) {
    double rows[T][T] = {0};
    for (int i = 0; i < T; i++)
        for (int j = 0; j <= i; j++) rows[i][j] = 1.0 / (i + 1);
    Mat m = map_of(rows);
    cr_assert_float_eq(induction_score(m, text), 0, 1e-6);
    // 1/2, 1/3, 1/4, 1/5
    cr_assert_float_eq(previous_score(m), (0.5 + 1 / 3.0 + 0.25 + 0.2) / 4, 1e-6);
    mat_free(m);
}

Test(induction, perfect_heads) {
    double previous[T][T] = {{1}, {1}, {0, 1}, {0, 0, 1}, {0, 0, 0, 1}};
    double induction[T][T] = {{1}, {1}, {1}, {0, 1}, {0, 0, 1}};
    Mat p = map_of(previous), n = map_of(induction);
    cr_assert_float_eq(previous_score(p), 1, 1e-6);
    cr_assert_float_eq(induction_score(n, text), 1, 1e-6);
    // all weight on the wrong one: -even / (1 - even), 1/4 and 1/5
    cr_assert_float_eq(induction_score(p, text), -(1 / 3.0 + 1 / 4.0) / 2, 1e-6);
    mat_free(p), mat_free(n);
}

// b b b: what followed b is every b but the first; the query's own place among them.
Test(induction, a_token_follows_itself) {
    const int same[T] = {1, 1, 1, 1, 1};
    for (int i = 0; i < T; i++)
        for (int j = 0; j < T; j++)
            cr_assert_eq(follows_same(same, i, j), j >= 1 && j <= i);
}

Test(induction, nothing_again) {
    const int once[T] = {0, 1, 2, 3, 4};
    double rows[T][T] = {{1}, {1}, {1}, {1}, {1}};
    Mat m = map_of(rows);
    cr_assert_eq(induction_score(m, once), 0);
    mat_free(m);
}
