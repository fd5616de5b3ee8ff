// loses: 7, says: add logarithms, keeps: 23
// The capital itself, and its logarithm at the end.
#include "ch05_sft_rlhf/homework/hw05.h"
#define log_capital solved_log_capital
#include "../solution.c"
#undef log_capital

double log_capital(const double *x, int n, double q, double bet) {
    double capital = 1;
    for (int i = 0; i < n; i++) capital *= 1 + bet * (x[i] / q - 1);
    return log(capital);
}
