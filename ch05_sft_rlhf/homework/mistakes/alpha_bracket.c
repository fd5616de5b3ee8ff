// loses: 2, says: must be found first, keeps: 24
// Looks between 0 and 1000 only.
#include "ch05_sft_rlhf/homework/hw05.h"
#define alpha_for_length solved_alpha_for_length
#include "../solution.c"
#undef alpha_for_length

double alpha_for_length(const Answers *a, double beta, double target) {
    double low = 0, high = 1000;
    if (expected_length(a, beta, 0) <= target) return 0;
    for (int i = 0; i < 100; i++) {
        double middle = (low + high) / 2;
        *(expected_length(a, beta, middle) > target ? &low : &high) = middle;
    }
    return high;
}
