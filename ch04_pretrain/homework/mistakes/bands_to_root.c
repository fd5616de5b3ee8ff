// loses: 7, says: rows end at the root of k, keeps: 19
// As many rows as bands at most.
#include "ch04_pretrain/homework/hw04.h"
#define banding_for solved_banding_for
#include "../solution.c"
#undef banding_for

Banding banding_for(int k, double high, double least, double low) {
    Banding best = {0};
    double lowest = INFINITY;
    for (int rows = 1; rows * rows <= k; rows++)
        for (int bands = 1; rows * bands <= k; bands++) {
            if (lsh_curve(high, rows, bands) < least) continue;
            double in_vain = lsh_curve(low, rows, bands);
            if (in_vain < lowest) best = (Banding){rows, bands}, lowest = in_vain;
            break;
        }
    return best;
}
