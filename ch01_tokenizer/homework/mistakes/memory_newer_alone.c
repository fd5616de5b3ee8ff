// loses: 6, says: the newer word alone, keeps: 4
// A line of one word.
#include "ch01_tokenizer/homework/hw01.h"
#define line_share solved_line_share
#include "../solution.c"
#undef line_share

double line_share(const double *p, size_t n) {
    double all = 0, squares = 0;
    for (size_t i = 0; i < n; i++) all += p[i], squares += p[i] * p[i];
    return squares / (all * all);
}
