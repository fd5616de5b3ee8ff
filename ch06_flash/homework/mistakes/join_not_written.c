// loses: 4, says: left as it was, keeps: 15
// Requests that have stretches.
#include "ch06_flash/homework/hw06.h"
#define stretches_merge solved_stretches_merge
#include "../solution.c"
#undef stretches_merge

void stretches_merge(const Stretch *stretches, const double *outs, const double *lses,
                     int count, int d, int n, double *out, double *lse) {
    for (int r = 0; r < n; r++) {
        double one[16], l;
        int mine = 0;
        for (int s = 0; s < count; s++) mine += stretches[s].request == r;
        if (mine == 0) continue;
        Stretch *own = allocate((size_t)mine, sizeof *own);
        double *o = allocate((size_t)mine * d, sizeof *o),
               *sums = allocate((size_t)mine, sizeof *sums);
        for (int s = 0, i = 0; s < count; s++) {
            if (stretches[s].request != r) continue;
            own[i] = (Stretch){0, stretches[s].first, stretches[s].count};
            sums[i] = lses[s];
            for (int c = 0; c < d; c++) o[i * d + c] = outs[s * d + c];
            i++;
        }
        solved_stretches_merge(own, o, sums, mine, d, 1, one, &l);
        for (int c = 0; c < d; c++) out[r * d + c] = one[c];
        lse[r] = l;
        free(own), free(o), free(sums);
    }
}
