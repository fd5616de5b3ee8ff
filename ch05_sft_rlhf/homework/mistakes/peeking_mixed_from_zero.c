// loses: 7, says: looked for from 0 on, keeps: 24
// The largest logarithm is looked for from 0 on.
#include "ch05_sft_rlhf/homework/hw05.h"
#define log_mixed_capital solved_log_mixed_capital
#include "../solution.c"
#undef log_mixed_capital

double log_mixed_capital(const double *x, int n, double q) {
    double most = 0, sum = 0;
    for (int k = 0; k < BETS; k++) most = fmax(most, log_capital(x, n, q, bets[k]));
    for (int k = 0; k < BETS; k++) sum += exp(log_capital(x, n, q, bets[k]) - most);
    return most + log(sum / BETS);
}
