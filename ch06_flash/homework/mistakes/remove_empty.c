// loses: 1, says: pass it over, keeps: 18
// 0 x NaN.
#include "ch06_flash/homework/hw06.h"
#define part_remove solved_part_remove
#include "../solution.c"
#undef part_remove

double part_remove(double *out, double lse, const double *part_out, double part_lse,
                   int d) {
    double share = exp(part_lse - lse);
    for (int c = 0; c < d; c++) out[c] = (out[c] - share * part_out[c]) / (1 - share);
    return lse + log1p(-share);
}
