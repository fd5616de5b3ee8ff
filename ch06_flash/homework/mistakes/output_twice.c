// loses: 5, says: 2 (e^off - 1): the 2, keeps: 16
#include "ch06_flash/homework/hw06.h"

#define output_bound solved_output_bound
#include "../solution.c"
#undef output_bound

double output_bound(const double *p, const double *v, int n, double off,
                    double value_off) {
    double o = 0, spread = 0;
    for (int j = 0; j < n; j++) o += p[j] * v[j];
    for (int j = 0; j < n; j++) spread += p[j] * fabs(v[j] - o);
    return 2 * expm1(off) * spread + value_off;
}
