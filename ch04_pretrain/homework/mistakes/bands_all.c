// loses: 7, says: as many bands as fit, keeps: 19
// All numbers are used.
#include "ch04_pretrain/homework/hw04.h"
#define banding_for solved_banding_for
#include "../solution.c"
#undef banding_for

Banding banding_for(int k, double high, double least, double low) {
    Banding best = {0};
    double lowest = INFINITY;
    for (int rows = 1; rows <= k; rows++) {
        int bands = k / rows;
        double in_vain = lsh_curve(low, rows, bands);
        if (lsh_curve(high, rows, bands) < least || in_vain >= lowest) continue;
        best = (Banding){rows, bands}, lowest = in_vain;
    }
    return best;
}
