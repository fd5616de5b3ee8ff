// loses: 7, says: a tie changes nothing here, keeps: 20
// Nobody wins, so nothing happens.
#include "ch05_sft_rlhf/homework/hw05.h"
#define log_capital solved_log_capital
#include "../solution.c"
#undef log_capital

double log_capital(const double *x, int n, double q, double bet) {
    double sum = 0;
    for (int i = 0; i < n; i++)
        if (x[i] != 0.5) sum += log1p(bet * (x[i] / q - 1));
    return sum;
}
