// loses: 3, says: the row of h begins at h V, keeps: 15
// The row begins at h.
#include "ch04_pretrain/homework/hw04.h"
#define back_off solved_back_off
#include "../solution.c"
#undef back_off

void back_off(const int *count, int V, const double *lower, double D, int h,
              double *p) {
    solved_back_off(count + h, V, lower, D, 0, p);
}
