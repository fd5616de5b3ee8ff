// loses: 5, says: the other value of `causal`, keeps: 2
// Passes `causal` as if t5_bucket asked for both directions.
#include "ch02_attention/homework/hw02.h"
#define relative_scores solved_relative_scores
#define relative_scores_backward solved_relative_scores_backward
#include "../solution.c"
#undef relative_scores
#undef relative_scores_backward

void relative_scores(Mat scores, Mat q, Mat table, real scale, int furthest,
                     bool causal) {
    solved_relative_scores(scores, q, table, scale, furthest, !causal);
}

void relative_scores_backward(Mat q_grad, Mat table_grad, Mat scores_grad, Mat q,
                              Mat table, real scale, int furthest, bool causal) {
    solved_relative_scores_backward(q_grad, table_grad, scores_grad, q, table, scale,
                                    furthest, !causal);
}
