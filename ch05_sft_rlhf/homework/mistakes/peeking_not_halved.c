// loses: 7, says: two sides share alpha, keeps: 17
// All of alpha on either side.
#include "ch05_sft_rlhf/homework/hw05.h"
#define win_interval solved_win_interval
#include "../solution.c"
#undef win_interval

WinInterval win_interval(const double *x, int n, double alpha) {
    return solved_win_interval(x, n, 2 * alpha);
}
