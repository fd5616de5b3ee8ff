// loses: 5, says: what is usual, keeps: 16
// A root of squares.
#include "ch06_flash/homework/hw06.h"
#define score_bound solved_score_bound
#include "../solution.c"
#undef score_bound

double score_bound(const double *q, const double *factors, int d, double scale) {
    double sum = 0;
    for (int c = 0; c < d; c++) sum += q[c] * factors[c] / 2 * (q[c] * factors[c] / 2);
    return scale * sqrt(sum);
}
