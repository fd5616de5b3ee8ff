// loses: 3, says: c(h w) / c(h) was not made smaller, keeps: 20
// The first term is the frequency.
#include "ch04_pretrain/homework/hw04.h"
#define witten_bell solved_witten_bell
#include "../solution.c"
#undef witten_bell

void witten_bell(const int *count, int V, const double *lower, int h, double *p) {
    const int *row = count + h * V;
    After a = after(row, V, lower);
    solved_witten_bell(count, V, lower, h, p);
    for (int w = 0; w < V && a.total > 0; w++)
        p[w] += row[w] / a.total - row[w] / (a.total + a.different);
}
