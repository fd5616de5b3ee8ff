// loses: 4, says: overwrites, keeps: 12
// The last stretch of a request.
#include "ch06_flash/homework/hw06.h"
#define stretches_merge solved_stretches_merge
#include "../solution.c"
#undef stretches_merge

void stretches_merge(const Stretch *stretches, const double *outs, const double *lses,
                     int count, int d, int n, double *out, double *lse) {
    for (int i = 0; i < n * d; i++) out[i] = 0;
    for (int r = 0; r < n; r++) lse[r] = -INFINITY;
    for (int s = 0; s < count; s++) {
        int r = stretches[s].request;
        if (lses[s] == -INFINITY) continue;
        lse[r] = lses[s];
        for (int c = 0; c < d; c++) out[r * d + c] = outs[s * d + c];
    }
}
