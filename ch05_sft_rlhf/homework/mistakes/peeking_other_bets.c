// loses: 7, says: three who bet 0.25, 0.5 and 1, keeps: 21
#include "ch05_sft_rlhf/homework/hw05.h"
#define log_mixed_capital solved_log_mixed_capital
#include "../solution.c"
#undef log_mixed_capital
double log_mixed_capital(const double *x, int n, double q) {
    double each[BETS] = {log_capital(x, n, q, 0.25), log_capital(x, n, q, 0.5),
                         log_capital(x, n, q, 1)};
    return log_sum(each, BETS) - log(BETS);
}
