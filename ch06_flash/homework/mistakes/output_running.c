// loses: 5, says: o was still being summed up, keeps: 15
// One loop for both sums.
#include "ch06_flash/homework/hw06.h"
#define output_bound solved_output_bound
#include "../solution.c"
#undef output_bound

double output_bound(const double *p, const double *v, int n, double off,
                    double value_off) {
    double o = 0, spread = 0;
    for (int j = 0; j < n; j++) {
        o += p[j] * v[j];
        spread += p[j] * fabs(v[j] - o);
    }
    return expm1(2 * off) * spread + value_off;
}
