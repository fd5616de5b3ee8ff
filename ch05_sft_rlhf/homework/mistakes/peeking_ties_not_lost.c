// loses: 7, says: only x = 0 is one, keeps: 20
// A tie is no loss.
#include "ch05_sft_rlhf/homework/hw05.h"
#define win_interval solved_win_interval
#include "../solution.c"
#undef win_interval

WinInterval win_interval(const double *x, int n, double alpha) {
    double *losses = allocate((size_t)n + 1, sizeof *losses);
    for (int i = 0; i < n; i++) losses[i] = x[i] == 0;
    WinInterval w = {lower_end(x, n, alpha), 1 - lower_end(losses, n, alpha)};
    free(losses);
    return w;
}
