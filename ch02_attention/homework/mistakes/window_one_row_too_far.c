// loses: 2, says: reached past the end of
// The last key looks for a query that does not exist; what is read there is often 0.
#include "ch02_attention/homework/hw02.h"
#define window_attention_backward solved_window_attention_backward
#include "../solution.c"
#undef window_attention_backward

void window_attention_backward(Mat q_grad, Mat k_grad, Mat v_grad, Mat out_grad,
                               Mat weights, Mat q, Mat k, Mat v, real scale) {
    solved_window_attention_backward(q_grad, k_grad, v_grad, out_grad, weights, q, k, v,
                                     scale);
    mat_fill(v_grad, (real)0.25);
    for (int j = 0; j < q.rows; j++)
        for (int w = 0; w < weights.cols && j + w <= q.rows; w++)
            add_row(v_grad, j, *mat_at(weights, j + w, w), out_grad, j + w);
}
