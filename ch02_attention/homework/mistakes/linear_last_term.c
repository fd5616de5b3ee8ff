// loses: 6, says: what divides is the last of d products, keeps: 5
// The sum that divides is overwritten.
#include "ch02_attention/homework/hw02.h"
#define linear_attention solved_linear_attention
#define linear_attention_causal solved_linear_attention_causal
#include "../solution.c"
#undef linear_attention
#undef linear_attention_causal

static void answer_here(Mat out, const LinearState *state, Mat phi_q, int i) {
    real sum = 0;
    answer(out, state, phi_q, i);
    for (int c = 0; c < phi_q.cols; c++)
        sum = *mat_at(phi_q, i, c) * *mat_at(state->keys, 0, c);
    real right = dot_rows(phi_q, i, state->keys, 0);
    for (int c = 0; c < out.cols; c++) *mat_at(out, i, c) *= right / sum;
}

void linear_attention(Mat out, Mat q, Mat k, Mat v) {
    Mat phi_q = features(q), phi_k = features(k);
    LinearState state = {mat_new(k.cols, v.cols), mat_new(1, k.cols)};
    for (int j = 0; j < k.rows; j++) take_key(&state, phi_k, v, j);
    for (int i = 0; i < q.rows; i++) answer_here(out, &state, phi_q, i);
    mat_free(phi_q), mat_free(phi_k), mat_free(state.values), mat_free(state.keys);
}

void linear_attention_causal(LinearState *state, Mat out, Mat q, Mat k, Mat v) {
    Mat phi_q = features(q), phi_k = features(k);
    for (int i = 0; i < q.rows; i++) {
        take_key(state, phi_k, v, i);
        answer_here(out, state, phi_q, i);
    }
    mat_free(phi_q), mat_free(phi_k);
}
