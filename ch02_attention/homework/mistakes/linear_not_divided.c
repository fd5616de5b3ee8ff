// loses: 6, says: not divided, keeps: 15
// The numerator alone.
#include "ch02_attention/homework/hw02.h"
#define linear_attention solved_linear_attention
#include "../solution.c"
#undef linear_attention

void linear_attention(Mat out, Mat q, Mat k, Mat v) {
    mat_fill(out, 0);
    Mat phi_q = features(q), phi_k = features(k);
    LinearState state = {mat_new(k.cols, v.cols), mat_new(1, k.cols)};
    for (int j = 0; j < k.rows; j++) take_key(&state, phi_k, v, j);
    for (int i = 0; i < q.rows; i++) {
        real sum = 1;
        for (int c = 0; c < q.cols; c++)
            add_row(out, i, *mat_at(phi_q, i, c) / sum, state.values, c);
    }
    mat_free(phi_q), mat_free(phi_k), mat_free(state.values), mat_free(state.keys);
}
