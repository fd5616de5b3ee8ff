// loses: 6, says: phi of a key is another function, keeps: 15
// Softplus in place of elu + 1.
#include "ch02_attention/homework/hw02.h"
#define linear_attention solved_linear_attention
#include "../solution.c"
#undef linear_attention

static Mat features_here(Mat x) {
    Mat phi = mat_new(x.rows, x.cols);
    for (int i = 0; i < x.rows; i++)
        for (int c = 0; c < x.cols; c++) {
            real a = *mat_at(x, i, c);
            *mat_at(phi, i, c) = (real)log(1 + exp(a));
        }
    return phi;
}

void linear_attention(Mat out, Mat q, Mat k, Mat v) {
    Mat phi_q = features_here(q), phi_k = features_here(k);
    LinearState state = {mat_new(k.cols, v.cols), mat_new(1, k.cols)};
    for (int j = 0; j < k.rows; j++) take_key(&state, phi_k, v, j);
    for (int i = 0; i < q.rows; i++) answer(out, &state, phi_q, i);
    mat_free(phi_q), mat_free(phi_k), mat_free(state.values), mat_free(state.keys);
}
