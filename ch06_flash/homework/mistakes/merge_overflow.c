// loses: 1, says: infinite in C, keeps: 18
// Exponentials as they are.
#include "ch06_flash/homework/hw06.h"
#define parts_merge solved_parts_merge
#include "../solution.c"
#undef parts_merge

double parts_merge(const double *outs, const double *lses, int parts, int d,
                   double *out) {
    double sum = 0;
    for (int c = 0; c < d; c++) out[c] = 0;
    for (int s = 0; s < parts; s++) sum += exp(lses[s]);
    for (int s = 0; s < parts; s++)
        for (int c = 0; c < d && lses[s] > -INFINITY; c++)
            out[c] += exp(lses[s]) / sum * outs[s * d + c];
    return log(sum);
}
