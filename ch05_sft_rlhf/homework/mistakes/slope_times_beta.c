// loses: 2, says: the exponent is divided by beta, keeps: 19
#include "ch05_sft_rlhf/homework/hw05.h"

#define length_slope solved_length_slope
#include "../solution.c"
#undef length_slope

double length_slope(const Answers *a, double beta, double alpha) {
    double mean, variance;
    length_moments(a, beta, alpha, &mean, &variance);
    return -variance * beta;
}
