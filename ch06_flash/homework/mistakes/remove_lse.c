// loses: 1, says: exponentials are subtracted, keeps: 18
// Logarithms subtracted.
#include "ch06_flash/homework/hw06.h"
#define part_remove solved_part_remove
#include "../solution.c"
#undef part_remove

double part_remove(double *out, double lse, const double *part_out, double part_lse,
                   int d) {
    solved_part_remove(out, lse, part_out, part_lse, d);
    return part_lse == -INFINITY ? lse : lse - part_lse;
}
