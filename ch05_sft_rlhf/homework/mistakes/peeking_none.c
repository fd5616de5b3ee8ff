// loses: 7, says: where there was none: 0, keeps: 23
#include "ch05_sft_rlhf/homework/hw05.h"

#define first_doubt solved_first_doubt
#include "../solution.c"
#undef first_doubt

int first_doubt(const double *x, int n, double q, double alpha) {
    double each[BETS] = {0};
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < BETS; k++) each[k] += log1p(bets[k] * (x[i] / q - 1));
        if (log_sum(each, BETS) - log(BETS) >= -log(alpha)) return i + 1;
    }
    return n;
}
