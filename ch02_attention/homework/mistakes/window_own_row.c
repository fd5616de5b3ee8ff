// loses: 2, says: summed along the band's rows, keeps: 12
// A query's own key gets what belongs to all the keys it saw.
#include "ch02_attention/homework/hw02.h"
#define window_attention_backward solved_window_attention_backward
#include "../solution.c"
#undef window_attention_backward

void window_attention_backward(Mat q_grad, Mat k_grad, Mat v_grad, Mat out_grad,
                               Mat weights, Mat q, Mat k, Mat v, real scale) {
    Mat ds = mat_new(weights.rows, weights.cols);
    for (int i = 0; i < q.rows; i++) {
        int seen = visible_keys(i, weights.cols);
        real d = 0;
        for (int w = 0; w < seen; w++)
            d += *mat_at(weights, i, w) * dot_rows(out_grad, i, v, i - w);
        for (int w = 0; w < seen; w++) {
            real dp = dot_rows(out_grad, i, v, i - w);
            *mat_at(ds, i, w) = *mat_at(weights, i, w) * (dp - d);
            add_row(q_grad, i, scale * *mat_at(ds, i, w), k, i - w);
        }
    }
    for (int i = 0; i < q.rows; i++)
        for (int w = 0; w < visible_keys(i, weights.cols); w++) {
            add_row(v_grad, i, *mat_at(weights, i, w), out_grad, i);
            add_row(k_grad, i, scale * *mat_at(ds, i, w), q, i);
        }
    mat_free(ds);
}
