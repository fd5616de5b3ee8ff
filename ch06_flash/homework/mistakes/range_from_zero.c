// loses: 5, says: begins at 0, keeps: 15
// From 0.
#include "ch06_flash/homework/hw06.h"
#define quantise_range solved_quantise_range
#include "../solution.c"
#undef quantise_range

Scaling quantise_range(const double *x, int n, unsigned char *codes) {
    double least = INFINITY, most = -INFINITY;
    for (int i = 0; i < n; i++) least = fmin(least, x[i]), most = fmax(most, x[i]);
    least = 0;
    Scaling s = {least, (most - least) / 255};
    for (int i = 0; i < n; i++)
        codes[i] = (unsigned char)(s.step > 0 ? lrint((x[i] - least) / s.step) : 0);
    return s;
}
