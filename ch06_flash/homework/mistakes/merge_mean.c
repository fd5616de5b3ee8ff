// loses: 1, says: all parts weigh the same, keeps: 14
// A plain mean of the parts.
#include "ch06_flash/homework/hw06.h"
#define parts_merge solved_parts_merge
#include "../solution.c"
#undef parts_merge

double parts_merge(const double *outs, const double *lses, int parts, int d,
                   double *out) {
    double lse = log_sum_of(lses, parts);
    for (int c = 0; c < d; c++) out[c] = 0;
    for (int s = 0; s < parts; s++)
        for (int c = 0; c < d; c++) out[c] += outs[s * d + c] / parts;
    return lse;
}
