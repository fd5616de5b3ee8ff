// loses: 1, says: all channels are compared, keeps: 11
// Begins with the second channel.
#include "ch03_transformer/homework/hw03.h"
#define qk_score_bound solved_qk_score_bound
#include "../solution.c"
#undef qk_score_bound

double qk_score_bound(Mat q_gain, Mat k_gain, double scale) {
    double most = 0;
    for (int c = 1; c < q_gain.cols; c++)
        most = fmax(most, fabs(*mat_at(q_gain, 0, c) * *mat_at(k_gain, 0, c)));
    return fabs(scale) * q_gain.cols * most;
}
