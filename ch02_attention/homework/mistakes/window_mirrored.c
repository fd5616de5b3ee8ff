// loses: 2, says: the wrong way round, keeps: 14
// The band from the oldest key to the newest.
#include "ch02_attention/homework/hw02.h"
#define window_attention solved_window_attention
#include "../solution.c"
#undef window_attention

void window_attention(Mat out, Mat weights, Mat q, Mat k, Mat v, real scale) {
    solved_window_attention(out, weights, q, k, v, scale);
    for (int i = 0; i < weights.rows; i++)
        for (int w = 0; w < weights.cols / 2; w++) {
            real *a = mat_at(weights, i, w),
                 *b = mat_at(weights, i, weights.cols - 1 - w), t = *a;
            *a = *b, *b = t;
        }
}
