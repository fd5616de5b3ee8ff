// loses: 5, says: not from 0, keeps: 15
// Distances from 0.
#include "ch06_flash/homework/hw06.h"
#define output_bound solved_output_bound
#include "../solution.c"
#undef output_bound

double output_bound(const double *p, const double *v, int n, double off,
                    double value_off) {
    double spread = 0;
    for (int j = 0; j < n; j++) spread += p[j] * fabs(v[j]);
    return expm1(2 * off) * spread + value_off;
}
