// loses: 3, says: 0 / 0, keeps: 24
// A history that was never seen is not thought of.
#include "ch04_pretrain/homework/hw04.h"
#define witten_bell solved_witten_bell
#include "../solution.c"
#undef witten_bell

void witten_bell(const int *count, int V, const double *lower, int h, double *p) {
    const int *row = count + h * V;

    After a = after(row, V, lower);
    for (int w = 0; w < V; w++)
        p[w] = (row[w] + a.different * lower[w]) / (a.total + a.different);
}
