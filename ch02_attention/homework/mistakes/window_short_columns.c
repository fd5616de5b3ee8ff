// loses: 2, says: column W - 1 of the band is left out, keeps: 9
// The loop over queries that see a key ends one early.
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
            if (w == weights.cols - 1) continue;
            add_row(v_grad, i - w, p, out_grad, i);
            add_row(q_grad, i, scale * ds, k, i - w);
            add_row(k_grad, i - w, scale * ds, q, i);
        }
    }
    free(dp);
}
