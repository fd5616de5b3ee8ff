// loses: 4, says: over all requests, keeps: 17
// One sum for all requests.
#include "ch06_flash/homework/hw06.h"
#define stretches_merge solved_stretches_merge
#include "../solution.c"
#undef stretches_merge

void stretches_merge(const Stretch *stretches, const double *outs, const double *lses,
                     int count, int d, int n, double *out, double *lse) {
    double lse_all = log_sum_of(lses, count);
    solved_stretches_merge(stretches, outs, lses, count, d, n, out, lse);
    for (int r = 0; r < n; r++)
        for (int c = 0; c < d; c++) out[r * d + c] *= exp(lse[r] - lse_all);
}
