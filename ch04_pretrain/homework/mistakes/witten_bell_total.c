// loses: 3, says: c(h) lower[w]: T counts the different, keeps: 20
#include "ch04_pretrain/homework/hw04.h"

#define witten_bell solved_witten_bell
#include "../solution.c"
#undef witten_bell

void witten_bell(const int *count, int V, const double *lower, int h, double *p) {
    const int *row = count + h * V;
    After a = after(row, V, lower);
    for (int w = 0; w < V; w++)
        p[w] = a.total == 0 ? lower[w]
                            : (row[w] + a.total * lower[w]) / (a.total + a.different);
}
