// loses: 5, says: each part overwrites the one before, keeps: 18
// = for +=.
#include "ch04_pretrain/homework/hw04.h"
#define squares_of_parts solved_squares_of_parts
#include "../solution.c"
#undef squares_of_parts

Squares squares_of_parts(const double *gradients, int parts, int n) {
    Squares s = {0};
    double *mean = allocate((size_t)n, sizeof *mean);
    for (int k = 0; k < parts; k++) {
        const double *g = gradients + k * n;
        s.small = square_of(g, n) / parts;
        for (int i = 0; i < n; i++) mean[i] = g[i] / parts;
    }
    s.big = square_of(mean, n);
    free(mean);
    return s;
}
