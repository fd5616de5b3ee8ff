// loses: 2, says: the reference's mean length, keeps: 19
// No policy is computed at all.
#include "ch05_sft_rlhf/homework/hw05.h"
#define expected_length solved_expected_length
#include "../solution.c"
#undef expected_length

double expected_length(const Answers *a, double beta, double alpha) {
    double mean = 0;
    (void)beta, (void)alpha;
    for (int i = 0; i < a->n; i++) mean += exp(a->log_ref[i]) * a->length[i];
    return mean;
}
