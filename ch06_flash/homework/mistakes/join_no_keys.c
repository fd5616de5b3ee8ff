// loses: 4, says: 0/0 is NaN, keeps: 14
// 0 / 0.
#include "ch06_flash/homework/hw06.h"
#define stretches_merge solved_stretches_merge
#include "../solution.c"
#undef stretches_merge

void stretches_merge(const Stretch *stretches, const double *outs, const double *lses,
                     int count, int d, int n, double *out, double *lse) {
    double *sums = allocate((size_t)n, sizeof *sums),
           *most = allocate((size_t)n, sizeof *most);
    for (int r = 0; r < n; r++) most[r] = -INFINITY;
    for (int s = 0; s < count; s++)
        most[stretches[s].request] = fmax(most[stretches[s].request], lses[s]);
    for (int i = 0; i < n * d; i++) out[i] = 0;
    for (int s = 0; s < count; s++) {
        int r = stretches[s].request;
        if (lses[s] == -INFINITY) continue;
        double w = exp(lses[s] - most[r]);
        sums[r] += w;
        for (int c = 0; c < d; c++) out[r * d + c] += w * outs[s * d + c];
    }
    for (int r = 0; r < n; r++) {
        lse[r] = most[r] + log(sums[r]);
        for (int c = 0; c < d; c++) out[r * d + c] /= sums[r];
    }
    free(sums), free(most);
}
