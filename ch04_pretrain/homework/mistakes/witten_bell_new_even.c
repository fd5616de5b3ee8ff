// loses: 3, says: not 1 / V, keeps: 24
// Nothing known: all alike.
#include "ch04_pretrain/homework/hw04.h"
#define witten_bell solved_witten_bell
#include "../solution.c"
#undef witten_bell

void witten_bell(const int *count, int V, const double *lower, int h, double *p) {
    solved_witten_bell(count, V, lower, h, p);
    if (after(count + h * V, V, lower).total > 0) return;
    for (int w = 0; w < V; w++) p[w] = 1.0 / V;
}
