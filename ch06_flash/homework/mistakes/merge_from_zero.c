// loses: 1, says: looked for from 0 on, keeps: 18
// The largest L is looked for from 0 on.
#include "ch06_flash/homework/hw06.h"
#define parts_merge solved_parts_merge
#include "../solution.c"
#undef parts_merge

double parts_merge(const double *outs, const double *lses, int parts, int d,
                   double *out) {
    double most = 0, sum = 0;
    for (int s = 0; s < parts; s++) most = fmax(most, lses[s]);
    for (int s = 0; s < parts; s++) sum += exp(lses[s] - most);
    for (int c = 0; c < d; c++) out[c] = 0;
    for (int s = 0; s < parts; s++)
        for (int c = 0; c < d && lses[s] > -INFINITY; c++)
            out[c] += exp(lses[s] - most) / sum * outs[s * d + c];
    return most + log(sum);
}
