// loses: 6, says: first in, first out, keeps: 4
// The lecture's formula, for another rule.
#include "ch01_tokenizer/homework/hw01.h"
#define line_share solved_line_share
#include "../solution.c"
#undef line_share

double line_share(const double *p, size_t n) {
    double all = 0, squares = 0, share = 0;
    for (size_t i = 0; i < n; i++) all += p[i], squares += p[i] * p[i];
    if (n <= 2) return 1;
    for (size_t r = 0; r < n; r++)
        share += p[r] / all * 2 * p[r] * (all - p[r]) / (all * all - squares);
    return share;
}
