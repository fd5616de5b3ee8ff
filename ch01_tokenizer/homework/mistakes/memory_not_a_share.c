// loses: 6, says: divide by the sum of p, keeps: 6
// The draws known again, not their share.
#include "ch01_tokenizer/homework/hw01.h"
#define line_share solved_line_share
#include "../solution.c"
#undef line_share

double line_share(const double *p, size_t n) {
    double all = 0;
    for (size_t i = 0; i < n; i++) all += p[i];
    return all * solved_line_share(p, n);
}
