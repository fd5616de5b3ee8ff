// loses: 3, says: has nowhere to go, keeps: 21
// Discounted although every token was seen.
#include "ch04_pretrain/homework/hw04.h"
#define back_off solved_back_off
#include "../solution.c"
#undef back_off

void back_off(const int *count, int V, const double *lower, double D, int h,
              double *p) {
    solved_back_off(count, V, lower, D, h, p);
    After a = after(count + h * V, V, lower);
    for (int w = 0; w < V && a.different == V; w++) p[w] -= D / a.total;
}
