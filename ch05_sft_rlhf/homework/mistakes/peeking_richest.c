// loses: 7, says: the richest of the three, keeps: 21
// The richest of the three.
#include "ch05_sft_rlhf/homework/hw05.h"
#define log_mixed_capital solved_log_mixed_capital
#include "../solution.c"
#undef log_mixed_capital

double log_mixed_capital(const double *x, int n, double q) {
    double most = -INFINITY;
    for (int k = 0; k < BETS; k++) most = fmax(most, log_capital(x, n, q, bets[k]));
    return most;
}
