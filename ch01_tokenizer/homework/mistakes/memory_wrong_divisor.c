// loses: 6, says: divide by S - p_i, keeps: 4
// The older word is drawn from all but itself.
#include "ch01_tokenizer/homework/hw01.h"
#define line_share solved_line_share
#include "../solution.c"
#undef line_share

double line_share(const double *p, size_t n) {
    double all = 0, share = 0;
    for (size_t i = 0; i < n; i++) all += p[i];
    for (size_t r = 0; r < n; r++) {
        double there = p[r] / all;  // as the newer one
        // as the older one: it is the last drawn but for the newer one's draws
        for (size_t i = 0; i < n; i++)
            if (i != r) there += p[i] / all * p[r] / (all - p[r]);
        share += p[r] / all * there;
    }
    return share;
}
