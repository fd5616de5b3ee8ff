// loses: 1, says: not added to, keeps: 14
// Adds to whatever was in out.
#include "ch06_flash/homework/hw06.h"
#define parts_merge solved_parts_merge
#include "../solution.c"
#undef parts_merge

double parts_merge(const double *outs, const double *lses, int parts, int d,
                   double *out) {
    double lse = log_sum_of(lses, parts);
    for (int s = 0; s < parts; s++)
        for (int c = 0; c < d && lses[s] > -INFINITY; c++)
            out[c] += exp(lses[s] - lse) * outs[s * d + c];
    return lse;
}
