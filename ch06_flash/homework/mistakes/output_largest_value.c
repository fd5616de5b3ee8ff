// loses: 5, says: the largest |v_j|, keeps: 15
// No value is larger than the largest.
#include "ch06_flash/homework/hw06.h"
#define output_bound solved_output_bound
#include "../solution.c"
#undef output_bound

double output_bound(const double *p, const double *v, int n, double off,
                    double value_off) {
    double most = 0;
    for (int j = 0; j < n; j++) most = fmax(most, p[j] > 0 ? fabs(v[j]) : 0);
    return expm1(2 * off) * most + value_off;
}
