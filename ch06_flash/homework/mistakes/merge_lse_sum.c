// loses: 1, says: not their logarithms, keeps: 16
// Logarithms added up.
#include "ch06_flash/homework/hw06.h"
#define parts_merge solved_parts_merge
#include "../solution.c"
#undef parts_merge

double parts_merge(const double *outs, const double *lses, int parts, int d,
                   double *out) {
    double sum = 0;
    solved_parts_merge(outs, lses, parts, d, out);
    for (int s = 0; s < parts; s++) sum += lses[s];
    return sum;
}
