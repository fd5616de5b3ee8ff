// loses: 1, says: not added to L again, keeps: 16
// The largest is subtracted and forgotten.
#include "ch06_flash/homework/hw06.h"
#define parts_merge solved_parts_merge
#include "../solution.c"
#undef parts_merge

double parts_merge(const double *outs, const double *lses, int parts, int d,
                   double *out) {
    double most = -INFINITY;
    for (int s = 0; s < parts; s++) most = fmax(most, lses[s]);
    double lse = solved_parts_merge(outs, lses, parts, d, out);
    return most == -INFINITY ? lse : lse - most;
}
