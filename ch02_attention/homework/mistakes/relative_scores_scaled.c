// loses: 5, says: the scores that were there were scaled too, keeps: 10
// The scale is that of the whole sum.
#include "ch02_attention/homework/hw02.h"
#define relative_scores solved_relative_scores
#include "../solution.c"
#undef relative_scores

void relative_scores(Mat scores, Mat q, Mat table, real scale, int furthest,
                     bool causal) {
    solved_relative_scores(scores, q, table, 1, furthest, causal);
    mat_scale(scores, scale);
}
