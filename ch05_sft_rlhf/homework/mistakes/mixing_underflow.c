// loses: 6, says: take the largest exponent, keeps: 23
// Probabilities, not logarithms.
#include "ch05_sft_rlhf/homework/hw05.h"
#define sequence_log_p solved_sequence_log_p
#include "../solution.c"
#undef sequence_log_p

double sequence_log_p(const Readers *r, const int *answer, int count) {
    double sum = 0;
    for (int z = 0; z < r->documents; z++)
        sum += r->weight[z] * exp(one_log_p(r, z, answer, count));
    return log(sum);
}
