// loses: 1, says: Where the largest L_s is -inf, keeps: 19
// Nobody saw anything: the difference of two infinities.
#include "ch06_flash/homework/hw06.h"
#define parts_merge solved_parts_merge
#include "../solution.c"
#undef parts_merge

double parts_merge(const double *outs, const double *lses, int parts, int d,
                   double *out) {
    double lse = solved_parts_merge(outs, lses, parts, d, out);
    return lse == -INFINITY ? lse - lse : lse;
}
