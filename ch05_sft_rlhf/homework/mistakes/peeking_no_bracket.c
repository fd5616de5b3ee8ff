// loses: 7, says: the bet is multiplied by both, keeps: 18
// A bracket is missing.
#include "ch05_sft_rlhf/homework/hw05.h"
#define log_capital solved_log_capital
#include "../solution.c"
#undef log_capital

double log_capital(const double *x, int n, double q, double bet) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += log(1 + (bet * x[i] / q - 1));
    return sum;
}
