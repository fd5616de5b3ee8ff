// loses: 6, says: was taken for 1, keeps: 6
// The sum of p is not computed.
#include "ch01_tokenizer/homework/hw01.h"
#define line_share solved_line_share
#include "../solution.c"
#undef line_share

double line_share(const double *p, size_t n) {
    double all = 1, share = 0;
    for (size_t r = 0; r < n; r++) {
        double there = p[r] / all;  // as the newer one
        // as the older one: it is the last drawn but for the newer one's draws
        for (size_t i = 0; i < n; i++)
            if (i != r) there += p[i] / all * p[r] / (all - p[i]);
        share += p[r] / all * there;
    }
    return share;
}
