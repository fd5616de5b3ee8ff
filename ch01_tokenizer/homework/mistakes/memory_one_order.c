// loses: 6, says: each pair was taken once, keeps: 4
// Sums over pairs of words, each in one order.
#include "ch01_tokenizer/homework/hw01.h"
#define line_share solved_line_share
#include "../solution.c"
#undef line_share

double line_share(const double *p, size_t n) {
    if (n <= 2) return 1;
    double all = 0, share = 0;
    for (size_t i = 0; i < n; i++) all += p[i];
    for (size_t i = 0; i < n; i++)
        for (size_t r = i + 1; r < n; r++)
            share += p[i] / all * p[r] / (all - p[i]) * (p[i] + p[r]) / all;
    return share;
}
