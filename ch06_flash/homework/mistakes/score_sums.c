// loses: 5, says: a product of two sums, keeps: 16
// Sum times sum.
#include "ch06_flash/homework/hw06.h"
#define score_bound solved_score_bound
#include "../solution.c"
#undef score_bound

double score_bound(const double *q, const double *factors, int d, double scale) {
    double queries = 0, steps = 0;
    for (int c = 0; c < d; c++) queries += fabs(q[c]), steps += factors[c];
    return scale * queries * steps / 2;
}
