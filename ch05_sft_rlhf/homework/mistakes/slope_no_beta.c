// loses: 2, says: so is the slope, keeps: 19
// The variance alone.
#include "ch05_sft_rlhf/homework/hw05.h"
#define length_slope solved_length_slope
#include "../solution.c"
#undef length_slope

double length_slope(const Answers *a, double beta, double alpha) {
    return solved_length_slope(a, beta, alpha) * beta;
}
