// loses: 7, says: the largest of the three, keeps: 24
// The mean of the capitals as it stands.
#include "ch05_sft_rlhf/homework/hw05.h"
#define log_mixed_capital solved_log_mixed_capital
#include "../solution.c"
#undef log_mixed_capital

double log_mixed_capital(const double *x, int n, double q) {
    double sum = 0;
    for (int k = 0; k < BETS; k++) sum += exp(log_capital(x, n, q, bets[k]));
    return log(sum / BETS);
}
