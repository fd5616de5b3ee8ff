// loses: 5, says: keys ahead of the query are left out, keeps: 13
// Causal is taken for a mask.
#include "ch02_attention/homework/hw02.h"
#define relative_scores solved_relative_scores
#include "../solution.c"
#undef relative_scores

void relative_scores(Mat scores, Mat q, Mat table, real scale, int furthest,
                     bool causal) {
    Mat products = mat_new(q.rows, table.rows);
    matmul(products, q, mat_transpose(table));
    for (int i = 0; i < scores.rows; i++)
        for (int j = 0; j < scores.cols; j++) {
            if (causal && j > i + scores.cols - scores.rows) continue;
            int bucket = bucket_of(scores, i, j, table.rows, furthest, causal);
            *mat_at(scores, i, j) += scale * *mat_at(products, i, bucket);
        }
    mat_free(products);
}
