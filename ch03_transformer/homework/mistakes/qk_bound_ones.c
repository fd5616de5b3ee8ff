// loses: 1, says: exceeds it, keeps: 11
// |q| |k| for normalised heads that are all ones, taken for the largest.
#include "ch03_transformer/homework/hw03.h"
#define qk_score_bound solved_qk_score_bound
#include "../solution.c"
#undef qk_score_bound

double qk_score_bound(Mat q_gain, Mat k_gain, double scale) {
    return scale
           * sqrt((double)row_dot(q_gain, q_gain, 0)
                  * (double)row_dot(k_gain, k_gain, 0));
}
