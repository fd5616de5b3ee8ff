// loses: 5, says: squares of distances: |v_j - o|, keeps: 15
#include "ch06_flash/homework/hw06.h"

#define output_bound solved_output_bound
#include "../solution.c"
#undef output_bound

double output_bound(const double *p, const double *v, int n, double off,
                    double value_off) {
    double o = 0, spread = 0;
    for (int j = 0; j < n; j++) o += p[j] * v[j];
    for (int j = 0; j < n; j++) spread += p[j] * (v[j] - o) * (v[j] - o);
    return expm1(2 * off) * spread + value_off;
}
