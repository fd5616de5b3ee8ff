// loses: 5, says: the mean over its pairs, keeps: 7
// A bucket's gradient is divided by the number of its pairs.
#include "ch02_attention/homework/hw02.h"
#define relative_scores_backward solved_relative_scores_backward
#include "../solution.c"
#undef relative_scores_backward

void relative_scores_backward(Mat q_grad, Mat table_grad, Mat scores_grad, Mat q,
                              Mat table, real scale, int furthest, bool causal) {
    Mat sums = mat_new(table.rows, table.cols);
    int *pairs = allocate((size_t)table.rows, sizeof *pairs);
    solved_relative_scores_backward(q_grad, sums, scores_grad, q, table, scale,
                                    furthest, causal);
    for (int i = 0; i < scores_grad.rows; i++)
        for (int j = 0; j < scores_grad.cols; j++)
            pairs[bucket_of(scores_grad, i, j, table.rows, furthest, causal)]++;
    for (int b = 0; b < table.rows; b++)
        if (pairs[b] > 0) add_row(table_grad, b, 1 / (real)pairs[b], sums, b);
    free(pairs);
    mat_free(sums);
}
