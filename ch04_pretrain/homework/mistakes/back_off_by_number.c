// loses: 3, says: alpha divides by how many, keeps: 19
// alpha is shared out by number.
#include "ch04_pretrain/homework/hw04.h"
#define back_off solved_back_off
#include "../solution.c"
#undef back_off

void back_off(const int *count, int V, const double *lower, double D, int h,
              double *p) {
    const int *row = count + h * V;
    solved_back_off(count, V, lower, D, h, p);
    After a = after(row, V, lower);
    for (int w = 0; w < V && a.total > 0; w++)
        if (row[w] == 0) p[w] *= a.unseen / (V - a.different);
}
