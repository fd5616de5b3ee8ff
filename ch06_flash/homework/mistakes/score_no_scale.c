// loses: 5, says: a score is scale, keeps: 16
// Without the scale.
#include "ch06_flash/homework/hw06.h"
#define score_bound solved_score_bound
#include "../solution.c"
#undef score_bound

double score_bound(const double *q, const double *factors, int d, double scale) {
    (void)scale;
    double sum = 0;
    for (int c = 0; c < d; c++) sum += fabs(q[c]) * factors[c] / 2;
    return sum;
}
