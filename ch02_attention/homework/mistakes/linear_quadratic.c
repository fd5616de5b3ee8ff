// loses: 6, says: the work grows with N^2, keeps: 18
//
// The quadratic form, over all pairs
// of a first call, with the state brought up to date beside it.
#include "ch02_attention/homework/hw02.h"
#define linear_attention_causal solved_linear_attention_causal
#include "../solution.c"
#undef linear_attention_causal

void linear_attention_causal(LinearState *state, Mat out, Mat q, Mat k, Mat v) {
    // short sequences go on; the price is seen on a long one
    if (state->keys.at[0] != 0) {
        solved_linear_attention_causal(state, out, q, k, v);
        return;
    }
    Mat phi_q = features(q), phi_k = features(k);
    mat_fill(out, 0);
    for (int i = 0; i < q.rows; i++) {
        real sum = 0;
        take_key(state, phi_k, v, i);
        for (int j = 0; j <= i; j++) {
            real weight = dot_rows(phi_q, i, phi_k, j);
            sum += weight;
            add_row(out, i, weight, v, j);
        }
        for (int c = 0; c < v.cols; c++) *mat_at(out, i, c) /= sum;
    }
    mat_free(phi_q), mat_free(phi_k);
}
