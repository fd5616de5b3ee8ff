// loses: 1, says: set it to 0 first, keeps: 19
#include "ch06_flash/homework/hw06.h"
#define parts_merge solved_parts_merge
#include "../solution.c"
#undef parts_merge
double parts_merge(const double *outs, const double *lses, int parts, int d,
                   double *out) {
    double lse = -INFINITY;
    for (int s = 0; s < parts; s++) {
        if (lses[s] == -INFINITY) continue;
        double both[] = {lse, lses[s]}, whole = log_sum_of(both, 2);
        for (int c = 0; c < d; c++)
            out[c] = exp(lse - whole) * out[c] + exp(lses[s] - whole) * outs[s * d + c];
        lse = whole;
    }
    return lse;
}
