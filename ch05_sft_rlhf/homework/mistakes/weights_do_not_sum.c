// loses: 1, says: do not sum to 1, keeps: 20
// Every weight by the same formula.
#include "ch05_sft_rlhf/homework/hw05.h"
#define lambda_weights solved_lambda_weights
#include "../solution.c"
#undef lambda_weights

void lambda_weights(double lambda, int m, double *weights) {
    for (int k = 1; k <= m; k++) weights[k - 1] = (1 - lambda) * pow(lambda, k - 1);
}
