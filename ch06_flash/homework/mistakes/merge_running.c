// loses: 1, says: still has the old largest, keeps: 10
// The largest so far, and what was summed up under another is left as it is.
#include "ch06_flash/homework/hw06.h"
#define parts_merge solved_parts_merge
#include "../solution.c"
#undef parts_merge

double parts_merge(const double *outs, const double *lses, int parts, int d,
                   double *out) {
    double most = -INFINITY, sum = 0;
    for (int s = 0; s < parts; s++) {
        most = fmax(most, lses[s]);
        if (lses[s] > -INFINITY) sum += exp(lses[s] - most);
    }
    for (int c = 0; c < d; c++) out[c] = 0;
    for (int s = 0; s < parts; s++)
        for (int c = 0; c < d && lses[s] > -INFINITY; c++)
            out[c] += exp(lses[s] - most) / sum * outs[s * d + c];
    return most == -INFINITY ? most : most + log(sum);
}
