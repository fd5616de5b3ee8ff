// loses: 2, says: D was used before it was complete, keeps: 12
// One loop for D and for what needs it.
#include "ch02_attention/homework/hw02.h"
#define window_attention_backward solved_window_attention_backward
#include "../solution.c"
#undef window_attention_backward

void window_attention_backward(Mat q_grad, Mat k_grad, Mat v_grad, Mat out_grad,
                               Mat weights, Mat q, Mat k, Mat v, real scale) {
    for (int i = 0; i < q.rows; i++) {
        real d = 0;
        for (int w = 0; w < visible_keys(i, weights.cols); w++) {
            real p = *mat_at(weights, i, w), dp = dot_rows(out_grad, i, v, i - w);
            d += p * dp;
            add_row(v_grad, i - w, p, out_grad, i);
            add_row(q_grad, i, scale * p * (dp - d), k, i - w);
            add_row(k_grad, i - w, scale * p * (dp - d), q, i);
        }
    }
}
