// loses: 5, says: any sign, keeps: 16
// With signs.
#include "ch06_flash/homework/hw06.h"
#define score_bound solved_score_bound
#include "../solution.c"
#undef score_bound

double score_bound(const double *q, const double *factors, int d, double scale) {
    double sum = 0;
    for (int c = 0; c < d; c++) sum += q[c] * factors[c] / 2;
    return scale * fabs(sum);
}
