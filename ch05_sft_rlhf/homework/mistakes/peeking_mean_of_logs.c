// loses: 7, says: the mean is of the capitals, keeps: 21
// A mean of logarithms.
#include "ch05_sft_rlhf/homework/hw05.h"
#define log_mixed_capital solved_log_mixed_capital
#include "../solution.c"
#undef log_mixed_capital

double log_mixed_capital(const double *x, int n, double q) {
    double sum = 0;
    for (int k = 0; k < BETS; k++) sum += log_capital(x, n, q, bets[k]) / BETS;
    return sum;
}
