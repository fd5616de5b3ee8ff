// loses: 7, says: a mean taken anew in each round, keeps: 21
// The three share what they have after each round.
#include "ch05_sft_rlhf/homework/hw05.h"
#define log_mixed_capital solved_log_mixed_capital
#include "../solution.c"
#undef log_mixed_capital

double log_mixed_capital(const double *x, int n, double q) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
        double mean = 0;
        for (int k = 0; k < BETS; k++) mean += (1 + bets[k] * (x[i] / q - 1)) / BETS;
        sum += log(mean);
    }
    return sum;
}
