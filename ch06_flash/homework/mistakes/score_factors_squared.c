// loses: 5, says: the factors are squared: a key's, keeps: 16
#include "ch06_flash/homework/hw06.h"

#define score_bound solved_score_bound
#include "../solution.c"
#undef score_bound

double score_bound(const double *q, const double *factors, int d, double scale) {
    double sum = 0;
    for (int c = 0; c < d; c++) sum += fabs(q[c]) * factors[c] * factors[c] / 2;
    return scale * sum;
}
