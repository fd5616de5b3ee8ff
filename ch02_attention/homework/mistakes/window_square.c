// loses: 2, says: an N x N matrix, keeps: 17
// The band is spread out into a table, and the chapter does the rest.
// (Not under sanitizers: they have no limit of memory.)
#include "ch02_attention/homework/hw02.h"
#define window_attention_backward solved_window_attention_backward
#include "../solution.c"
#undef window_attention_backward

void window_attention_backward(Mat q_grad, Mat k_grad, Mat v_grad, Mat out_grad,
                               Mat weights, Mat q, Mat k, Mat v, real scale) {
    Mat table = mat_new(q.rows, q.rows);
    for (int i = 0; i < q.rows; i++)
        for (int w = 0; w < visible_keys(i, weights.cols); w++)
            *mat_at(table, i, i - w) = *mat_at(weights, i, w);
    attention_backward(q_grad, k_grad, v_grad, (Mat){0}, out_grad, table, q, k, v,
                       scale);
    mat_free(table);
}
