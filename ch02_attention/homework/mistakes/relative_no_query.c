// loses: 5, says: q_grad got nothing, keeps: 12
// As in T5, where the bias does not depend on the query.
#include "ch02_attention/homework/hw02.h"
#define relative_scores_backward solved_relative_scores_backward
#include "../solution.c"
#undef relative_scores_backward

void relative_scores_backward(Mat q_grad, Mat table_grad, Mat scores_grad, Mat q,
                              Mat table, real scale, int furthest, bool causal) {
    Mat unused = mat_new(q_grad.rows, q_grad.cols);
    solved_relative_scores_backward(unused, table_grad, scores_grad, q, table, scale,
                                    furthest, causal);
    mat_free(unused);
}
