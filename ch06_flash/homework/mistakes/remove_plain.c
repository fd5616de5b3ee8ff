// loses: 1, says: divide by it, keeps: 17
// What is left is not divided.
#include "ch06_flash/homework/hw06.h"
#define part_remove solved_part_remove
#include "../solution.c"
#undef part_remove

double part_remove(double *out, double lse, const double *part_out, double part_lse,
                   int d) {
    if (part_lse == -INFINITY) return lse;
    double share = exp(part_lse - lse);
    for (int c = 0; c < d; c++) out[c] -= share * part_out[c];
    return lse + log1p(-share);
}
