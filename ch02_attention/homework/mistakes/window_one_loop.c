// loses: 2, says: right where d and d_v are both 6, keeps: 0
// One loop over d for the rows of d_v numbers too.
#include "ch02_attention/homework/hw02.h"
#define window_attention_backward solved_window_attention_backward
#include "../solution.c"
#undef window_attention_backward

void window_attention_backward(Mat q_grad, Mat k_grad, Mat v_grad, Mat out_grad,
                               Mat weights, Mat q, Mat k, Mat v, real scale) {
    real *dp = allocate((size_t)weights.cols, sizeof *dp);
    for (int i = 0; i < q.rows; i++) {
        int seen = visible_keys(i, weights.cols);
        real d = 0;
        for (int w = 0; w < seen; w++) {
            dp[w] = dot_rows(out_grad, i, v, i - w);
            d += *mat_at(weights, i, w) * dp[w];
        }
        for (int w = 0; w < seen; w++) {
            real p = *mat_at(weights, i, w), ds = p * (dp[w] - d);
            for (int c = 0; c < q.cols; c++) {
                *mat_at(v_grad, i - w, c) += p * *mat_at(out_grad, i, c);
                *mat_at(q_grad, i, c) += scale * ds * *mat_at(k, i - w, c);
                *mat_at(k_grad, i - w, c) += scale * ds * *mat_at(q, i, c);
            }
        }
    }
    free(dp);
}
