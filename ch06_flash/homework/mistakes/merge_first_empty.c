// loses: 1, says: but not where part 0 did, keeps: 18
// Part 0 stands for the largest, and has to have one.
#include "ch06_flash/homework/hw06.h"
#define parts_merge solved_parts_merge
#include "../solution.c"
#undef parts_merge

double parts_merge(const double *outs, const double *lses, int parts, int d,
                   double *out) {
    if (lses[0] > -INFINITY) return solved_parts_merge(outs, lses, parts, d, out);
    for (int c = 0; c < d; c++) out[c] = 0;
    return -INFINITY;
}
