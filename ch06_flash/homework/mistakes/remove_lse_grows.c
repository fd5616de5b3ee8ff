// loses: 1, says: a sum becomes smaller when a, keeps: 18
#include "ch06_flash/homework/hw06.h"

#define part_remove solved_part_remove
#include "../solution.c"
#undef part_remove

double part_remove(double *out, double lse, const double *part_out, double part_lse,
                   int d) {
    if (part_lse == -INFINITY) return lse;
    double share = exp(part_lse - lse);
    for (int c = 0; c < d; c++) out[c] = (out[c] - share * part_out[c]) / (1 - share);
    return lse - log1p(-share);
}
