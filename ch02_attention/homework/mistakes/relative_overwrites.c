// loses: 5, says: +=, not =, keeps: 13
// The gradients begin with zeros, whatever was in them.
#include "ch02_attention/homework/hw02.h"
#define relative_scores_backward solved_relative_scores_backward
#include "../solution.c"
#undef relative_scores_backward

void relative_scores_backward(Mat q_grad, Mat table_grad, Mat scores_grad, Mat q,
                              Mat table, real scale, int furthest, bool causal) {
    mat_fill(q_grad, 0), mat_fill(table_grad, 0);
    solved_relative_scores_backward(q_grad, table_grad, scores_grad, q, table, scale,
                                    furthest, causal);
}
