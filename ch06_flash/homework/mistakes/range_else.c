// loses: 5, says: without an else, keeps: 16
// What is not the least may be the largest.
#include "ch06_flash/homework/hw06.h"
#define quantise_range solved_quantise_range
#include "../solution.c"
#undef quantise_range

Scaling quantise_range(const double *x, int n, unsigned char *codes) {
    double *seen = allocate((size_t)n, sizeof *seen);
    double least = INFINITY, most = -INFINITY;
    for (int i = 0; i < n; i++) {
        if (x[i] < least) least = x[i];
        else if (x[i] > most) most = x[i];
    }
    if (most == -INFINITY) most = least;
    for (int i = 0; i < n; i++) seen[i] = fmin(x[i], most);
    Scaling s = solved_quantise_range(seen, n, codes);
    free(seen);
    return s;
}
