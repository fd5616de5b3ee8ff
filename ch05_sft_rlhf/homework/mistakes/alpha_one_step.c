// loses: 2, says: one step along the slope, keeps: 20
// As if the length were a straight line.
#include "ch05_sft_rlhf/homework/hw05.h"
#define alpha_for_length solved_alpha_for_length
#include "../solution.c"
#undef alpha_for_length

double alpha_for_length(const Answers *a, double beta, double target) {
    double length = expected_length(a, beta, 0);
    return length <= target ? 0 : (target - length) / length_slope(a, beta, 0);
}
