// loses: 1, says: d is missing, keeps: 11
// As if a normalised head had the length 1.
#include "ch03_transformer/homework/hw03.h"
#define qk_score_bound solved_qk_score_bound
#include "../solution.c"
#undef qk_score_bound

double qk_score_bound(Mat q_gain, Mat k_gain, double scale) {
    return solved_qk_score_bound(q_gain, k_gain, scale) / q_gain.cols;
}
