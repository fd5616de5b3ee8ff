// loses: 6, says: what divides is made of the keys themselves, keeps: 2
// Sums up k in place of phi(k) for what divides.
#include "ch02_attention/homework/hw02.h"
#define linear_attention solved_linear_attention
#define linear_attention_causal solved_linear_attention_causal
#include "../solution.c"
#undef linear_attention
#undef linear_attention_causal

static void take_key_here(LinearState *state, Mat phi_k, Mat k, Mat v, int j) {
    add_row(state->keys, 0, 1, k, j);
    for (int c = 0; c < phi_k.cols; c++)
        add_row(state->values, c, *mat_at(phi_k, j, c), v, j);
}

void linear_attention(Mat out, Mat q, Mat k, Mat v) {
    Mat phi_q = features(q), phi_k = features(k);
    LinearState state = {mat_new(k.cols, v.cols), mat_new(1, k.cols)};
    for (int j = 0; j < k.rows; j++) take_key_here(&state, phi_k, k, v, j);
    for (int i = 0; i < q.rows; i++) answer(out, &state, phi_q, i);
    mat_free(phi_q), mat_free(phi_k), mat_free(state.values), mat_free(state.keys);
}

void linear_attention_causal(LinearState *state, Mat out, Mat q, Mat k, Mat v) {
    Mat phi_q = features(q), phi_k = features(k);
    for (int i = 0; i < q.rows; i++) {
        take_key_here(state, phi_k, k, v, i);
        answer(out, state, phi_q, i);
    }
    mat_free(phi_q), mat_free(phi_k);
}
