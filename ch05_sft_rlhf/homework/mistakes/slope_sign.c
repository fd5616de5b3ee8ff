// loses: 2, says: the slope is negative, keeps: 19
// The variance over beta.
#include "ch05_sft_rlhf/homework/hw05.h"
#define length_slope solved_length_slope
#include "../solution.c"
#undef length_slope

double length_slope(const Answers *a, double beta, double alpha) {
    return -solved_length_slope(a, beta, alpha);
}
