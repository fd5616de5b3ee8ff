// loses: 2, says: q was changed, keeps: 17
// q is scaled in place.
#include "ch02_attention/homework/hw02.h"
#define window_attention_backward solved_window_attention_backward
#include "../solution.c"
#undef window_attention_backward

void window_attention_backward(Mat q_grad, Mat k_grad, Mat v_grad, Mat out_grad,
                               Mat weights, Mat q, Mat k, Mat v, real scale) {
    solved_window_attention_backward(q_grad, k_grad, v_grad, out_grad, weights, q, k, v,
                                     scale);
    mat_scale(q, scale);
}
