// loses: 1, says: here L was changed, keeps: 17
// L is updated before it is used.
#include "ch06_flash/homework/hw06.h"
#define part_remove solved_part_remove
#include "../solution.c"
#undef part_remove

double part_remove(double *out, double lse, const double *part_out, double part_lse,
                   int d) {
    if (part_lse == -INFINITY) return lse;
    lse += log1p(-exp(part_lse - lse));
    double share = exp(part_lse - lse);
    for (int c = 0; c < d; c++) out[c] = (out[c] - share * part_out[c]) / (1 - share);
    return lse;
}
