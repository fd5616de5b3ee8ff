// loses: 6, says: out depends on what was in it before, keeps: 15
// What was in out is divided with the sum above.
#include "ch02_attention/homework/hw02.h"
#define linear_attention solved_linear_attention
#include "../solution.c"
#undef linear_attention

void linear_attention(Mat out, Mat q, Mat k, Mat v) {
    Mat phi_q = features(q), phi_k = features(k);
    LinearState state = {mat_new(k.cols, v.cols), mat_new(1, k.cols)};
    for (int j = 0; j < k.rows; j++) take_key(&state, phi_k, v, j);
    matmul_add(out, phi_q, state.values);
    for (int i = 0; i < q.rows; i++)
        mat_scale(mat_rows(out, i, 1), 1 / dot_rows(phi_q, i, state.keys, 0));
    mat_free(phi_q), mat_free(phi_k), mat_free(state.values), mat_free(state.keys);
}
