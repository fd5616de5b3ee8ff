// loses: 5, says: sums of absolute values, keeps: 18
// A length as a sum of absolute values.
#include "ch04_pretrain/homework/hw04.h"
#define squares_of_parts solved_squares_of_parts
#include "../solution.c"
#undef squares_of_parts

static double sum_squared(const double *g, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += fabs(g[i]);
    return sum * sum;
}
Squares squares_of_parts(const double *gradients, int parts, int n) {
    Squares s = {0};
    double *mean = allocate((size_t)n, sizeof *mean);
    for (int k = 0; k < parts; k++) {
        s.small += sum_squared(gradients + k * n, n) / parts;
        for (int i = 0; i < n; i++) mean[i] += gradients[k * n + i] / parts;
    }
    s.big = sum_squared(mean, n);
    free(mean);
    return s;
}
