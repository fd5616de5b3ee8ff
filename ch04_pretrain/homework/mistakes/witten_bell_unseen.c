// loses: 3, says: T counts the tokens that never came after h, keeps: 20
// T is the number of tokens that are still to come.
#include "ch04_pretrain/homework/hw04.h"
#define witten_bell solved_witten_bell
#include "../solution.c"
#undef witten_bell

void witten_bell(const int *count, int V, const double *lower, int h, double *p) {
    const int *row = count + h * V;

    After a = after(row, V, lower);
    double T = V - a.different;
    for (int w = 0; w < V; w++)
        p[w] = a.total == 0 ? lower[w] : (row[w] + T * lower[w]) / (a.total + T);
}
