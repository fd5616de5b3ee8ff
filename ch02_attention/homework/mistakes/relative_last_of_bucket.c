// loses: 5, says: of several keys in one bucket, keeps: 7
// Of the keys of a query in one bucket the last alone.
#include "ch02_attention/homework/hw02.h"
#define relative_scores_backward solved_relative_scores_backward
#include "../solution.c"
#undef relative_scores_backward

void relative_scores_backward(Mat q_grad, Mat table_grad, Mat scores_grad, Mat q,
                              Mat table, real scale, int furthest, bool causal) {
    Mat products_grad = mat_new(q.rows, table.rows);
    for (int i = 0; i < scores_grad.rows; i++)
        for (int j = 0; j < scores_grad.cols; j++) {
            int bucket = bucket_of(scores_grad, i, j, table.rows, furthest, causal);
            *mat_at(products_grad, i, bucket) = scale * *mat_at(scores_grad, i, j);
        }
    matmul_add(q_grad, products_grad, table);
    matmul_add(table_grad, mat_transpose(products_grad), q);
    mat_free(products_grad);
}
