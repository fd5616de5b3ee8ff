// loses: 2, says: but not exact: a quotient of, keeps: 19
#include "ch05_sft_rlhf/homework/hw05.h"

#define length_slope solved_length_slope
#include "../solution.c"
#undef length_slope

double length_slope(const Answers *a, double beta, double alpha) {
    double mean, variance;
    length_moments(a, beta, alpha, &mean, &variance);
    return (expected_length(a, beta, alpha + 1e-3)
            - expected_length(a, beta, alpha - 1e-3))
           / 2e-3;
}
