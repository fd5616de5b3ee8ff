// loses: 5, says: here each is made of its own, keeps: 7
// The table and the queries have changed places.
#include "ch02_attention/homework/hw02.h"
#define relative_scores_backward solved_relative_scores_backward
#include "../solution.c"
#undef relative_scores_backward

void relative_scores_backward(Mat q_grad, Mat table_grad, Mat scores_grad, Mat q,
                              Mat table, real scale, int furthest, bool causal) {
    for (int i = 0; i < scores_grad.rows; i++)
        for (int j = 0; j < scores_grad.cols; j++) {
            int bucket = bucket_of(scores_grad, i, j, table.rows, furthest, causal);
            real pull = scale * *mat_at(scores_grad, i, j);
            add_row(q_grad, i, pull, q, i);
            add_row(table_grad, bucket, pull, table, bucket);
        }
}
