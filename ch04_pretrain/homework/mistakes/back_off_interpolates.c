// loses: 3, says: this is the interpolated model, keeps: 19
// lower has a say about every token.
#include "ch04_pretrain/homework/hw04.h"
#define back_off solved_back_off
#include "../solution.c"
#undef back_off

void back_off(const int *count, int V, const double *lower, double D, int h,
              double *p) {
    solved_back_off(count, V, lower, D, h, p);
    const int *row = count + h * V;
    After a = after(row, V, lower);
    if (a.total == 0 || a.unseen == 0) return;
    for (int w = 0; w < V; w++)
        p[w] = (fmax(0, row[w] - D) + D * a.different * lower[w]) / a.total;
}
