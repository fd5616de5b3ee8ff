// loses: 6, says: each pair was taken once, keeps: 4
// Each pair of words counts once, with the first of them the newer one.
#include "ch01_tokenizer/homework/hw01.h"
#define line_share solved_line_share
#include "../solution.c"
#undef line_share

double line_share(const double *p, size_t n) {
    double sum = 0, share = 0;
    for (size_t i = 0; i < n; i++) sum += p[i];
    for (size_t i = 0; i < n; i++) {
        share += p[i] / sum * p[i] / sum;
        for (size_t r = i + 1; r < n; r++)
            share += p[i] / sum * p[r] / (sum - p[i]) * p[r] / sum;
    }
    return n > 2 ? share : 1;
}
