// loses: 6, says: phi is missing, keeps: 15
// The products q.k themselves are the weights.
#include "ch02_attention/homework/hw02.h"
#define linear_attention solved_linear_attention
#include "../solution.c"
#undef linear_attention

static Mat copied(Mat x) {
    Mat copy = mat_new(x.rows, x.cols);
    mat_copy(copy, x);
    return copy;
}

void linear_attention(Mat out, Mat q, Mat k, Mat v) {
    mat_fill(out, 0);
    Mat phi_q = copied(q), phi_k = copied(k);
    LinearState state = {mat_new(k.cols, v.cols), mat_new(1, k.cols)};
    for (int j = 0; j < k.rows; j++) take_key(&state, phi_k, v, j);
    for (int i = 0; i < q.rows; i++) {
        real sum = dot_rows(phi_q, i, state.keys, 0);
        for (int c = 0; c < q.cols; c++)
            add_row(out, i, *mat_at(phi_q, i, c) / sum, state.values, c);
    }
    mat_free(phi_q), mat_free(phi_k), mat_free(state.values), mat_free(state.keys);
}
