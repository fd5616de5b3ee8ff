// loses: 5, says: backward: the scale is missing, keeps: 7
// The scale of the scores is forgotten on the way back.
#include "ch02_attention/homework/hw02.h"
#define relative_scores_backward solved_relative_scores_backward
#include "../solution.c"
#undef relative_scores_backward

void relative_scores_backward(Mat q_grad, Mat table_grad, Mat scores_grad, Mat q,
                              Mat table, real scale, int furthest, bool causal) {
    (void)scale;
    solved_relative_scores_backward(q_grad, table_grad, scores_grad, q, table, 1,
                                    furthest, causal);
}
