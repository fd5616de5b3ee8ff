// loses: 5, says: the sums by bucket begin with 0 for each query, keeps: 7
// The sums by bucket are those of all queries so far.
#include "ch02_attention/homework/hw02.h"
#define relative_scores_backward solved_relative_scores_backward
#include "../solution.c"
#undef relative_scores_backward

void relative_scores_backward(Mat q_grad, Mat table_grad, Mat scores_grad, Mat q,
                              Mat table, real scale, int furthest, bool causal) {
    Mat sums = mat_new(1, table.rows);
    for (int i = 0; i < scores_grad.rows; i++) {
        for (int j = 0; j < scores_grad.cols; j++) {
            int bucket = bucket_of(scores_grad, i, j, table.rows, furthest, causal);
            *mat_at(sums, 0, bucket) += scale * *mat_at(scores_grad, i, j);
        }
        matmul_add(mat_rows(q_grad, i, 1), sums, table);
        matmul_add(table_grad, mat_transpose(sums), mat_rows(q, i, 1));
    }
    mat_free(sums);
}
