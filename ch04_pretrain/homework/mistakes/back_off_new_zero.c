// loses: 3, says: p is lower, not 0, keeps: 24
// Nothing came: nothing is expected.
#include "ch04_pretrain/homework/hw04.h"
#define back_off solved_back_off
#include "../solution.c"
#undef back_off

void back_off(const int *count, int V, const double *lower, double D, int h,
              double *p) {
    solved_back_off(count, V, lower, D, h, p);
    if (after(count + h * V, V, lower).total > 0) return;
    for (int w = 0; w < V; w++) p[w] = 0;
}
