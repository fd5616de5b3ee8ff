// loses: 1, says: added with their signs, keeps: 11
// The absolute value of a sum.
#include "ch03_transformer/homework/hw03.h"
#define qk_score_bound solved_qk_score_bound
#include "../solution.c"
#undef qk_score_bound

double qk_score_bound(Mat q_gain, Mat k_gain, double scale) {
    double sum = 0;
    for (int c = 0; c < q_gain.cols; c++)
        sum += (double)*mat_at(q_gain, 0, c) * (double)*mat_at(k_gain, 0, c);
    return fabs(scale * sum);
}
