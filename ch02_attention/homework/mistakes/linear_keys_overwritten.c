// loses: 6, says: holds the last key alone, keeps: 15
// The sum of the keys is assigned.
#include "ch02_attention/homework/hw02.h"
#define linear_attention solved_linear_attention
#include "../solution.c"
#undef linear_attention

static void take_key_here(LinearState *state, Mat phi_k, Mat v, int j) {
    mat_copy(state->keys, mat_rows(phi_k, j, 1));
    for (int c = 0; c < phi_k.cols; c++)
        add_row(state->values, c, *mat_at(phi_k, j, c), v, j);
}

void linear_attention(Mat out, Mat q, Mat k, Mat v) {
    Mat phi_q = features(q), phi_k = features(k);
    LinearState state = {mat_new(k.cols, v.cols), mat_new(1, k.cols)};
    for (int j = 0; j < k.rows; j++) take_key_here(&state, phi_k, v, j);
    for (int i = 0; i < q.rows; i++) answer(out, &state, phi_q, i);
    mat_free(phi_q), mat_free(phi_k), mat_free(state.values), mat_free(state.keys);
}
