// loses: 5, says: the gradient of its last pair, keeps: 5
// A bucket is written once a pair, not added to.
#include "ch02_attention/homework/hw02.h"
#define relative_scores_backward solved_relative_scores_backward
#include "../solution.c"
#undef relative_scores_backward

void relative_scores_backward(Mat q_grad, Mat table_grad, Mat scores_grad, Mat q,
                              Mat table, real scale, int furthest, bool causal) {
    Mat unused = mat_new(table.rows, table.cols);
    solved_relative_scores_backward(q_grad, unused, scores_grad, q, table, scale,
                                    furthest, causal);
    for (int i = 0; i < scores_grad.rows; i++)
        for (int j = 0; j < scores_grad.cols; j++) {
            int bucket = bucket_of(scores_grad, i, j, table.rows, furthest, causal);
            mat_fill(mat_rows(table_grad, bucket, 1), 0);
            add_row(table_grad, bucket, scale * *mat_at(scores_grad, i, j), q, i);
        }
    mat_free(unused);
}
