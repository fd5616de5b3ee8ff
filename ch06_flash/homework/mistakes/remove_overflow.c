// loses: 1, says: infinite in C, keeps: 18
// Exponentials as they are.
#include "ch06_flash/homework/hw06.h"
#define part_remove solved_part_remove
#include "../solution.c"
#undef part_remove

double part_remove(double *out, double lse, const double *part_out, double part_lse,
                   int d) {
    if (part_lse == -INFINITY) return lse;
    double all = exp(lse), part = exp(part_lse);
    for (int c = 0; c < d; c++)
        out[c] = (all * out[c] - part * part_out[c]) / (all - part);
    return log(all - part);
}
