// loses: 5, says: the distance has the wrong sign, keeps: 10
// Key minus query.
#include "ch02_attention/homework/hw02.h"
#define relative_scores solved_relative_scores
#include "../solution.c"
#undef relative_scores

void relative_scores(Mat scores, Mat q, Mat table, real scale, int furthest,
                     bool causal) {
    for (int i = 0; i < scores.rows; i++)
        for (int j = 0; j < scores.cols; j++) {
            int bucket = t5_bucket(j - (i + scores.cols - scores.rows), table.rows,
                                   furthest, causal);
            *mat_at(scores, i, j) += scale * dot_rows(q, i, table, bucket);
        }
}
