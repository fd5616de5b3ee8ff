// loses: 5, says: keys from T on are left out, keeps: 9
// There are as many keys as queries.
#include "ch02_attention/homework/hw02.h"
#define relative_scores_backward solved_relative_scores_backward
#include "../solution.c"
#undef relative_scores_backward

void relative_scores_backward(Mat q_grad, Mat table_grad, Mat scores_grad, Mat q,
                              Mat table, real scale, int furthest, bool causal) {
    Mat products_grad = mat_new(q.rows, table.rows);
    for (int i = 0; i < scores_grad.rows; i++)
        for (int j = 0; j < scores_grad.rows; j++) {
            int bucket = bucket_of(scores_grad, i, j, table.rows, furthest, causal);
            *mat_at(products_grad, i, bucket) += scale * *mat_at(scores_grad, i, j);
        }
    matmul_add(q_grad, products_grad, table);
    matmul_add(table_grad, mat_transpose(products_grad), q);
    mat_free(products_grad);
}
