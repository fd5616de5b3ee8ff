// loses: 7, says: similar pairs and others are exchanged, keeps: 19
#include "ch04_pretrain/homework/hw04.h"

#define banding_costs solved_banding_costs
#include "../solution.c"
#undef banding_costs

BandingCosts banding_costs(Banding b, const double *s, const double *pairs, int bins,
                           double high) {
    BandingCosts c = {0};
    for (int i = 0; i < bins; i++) {
        double found = pairs[i] * lsh_curve(s[i], b.rows, b.bands);
        if (s[i] < high) c.missed += pairs[i] - found;
        else c.in_vain += found;
    }
    return c;
}
