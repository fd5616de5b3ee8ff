// loses: 7, says: every look counts, keeps: 20
// The interval of the last look.
#include "ch05_sft_rlhf/homework/hw05.h"
#define win_interval solved_win_interval
#include "../solution.c"
#undef win_interval

static double end_at_last(const double *x, int n, double alpha) {
    double low = 0, high = 1;
    for (int i = 0; i < 60; i++) {
        double q = (low + high) / 2;
        *(log_mixed_capital(x, n, q) >= log(2 / alpha) ? &low : &high) = q;
    }
    return low;
}
WinInterval win_interval(const double *x, int n, double alpha) {
    double losses[256];
    for (int i = 0; i < n; i++) losses[i] = 1 - x[i];
    return (WinInterval){end_at_last(x, n, alpha), 1 - end_at_last(losses, n, alpha)};
}
