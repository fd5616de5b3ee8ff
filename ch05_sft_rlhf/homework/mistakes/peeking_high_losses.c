// loses: 7, says: the upper end is a rate, keeps: 17
#include "ch05_sft_rlhf/homework/hw05.h"

#define win_interval solved_win_interval
#include "../solution.c"
#undef win_interval

WinInterval win_interval(const double *x, int n, double alpha) {
    double *losses = allocate((size_t)n + 1, sizeof *losses);
    for (int i = 0; i < n; i++) losses[i] = 1 - x[i];
    WinInterval w = {lower_end(x, n, alpha), lower_end(losses, n, alpha)};
    free(losses);
    return w;
}
