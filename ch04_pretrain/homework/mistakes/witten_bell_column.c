// loses: 3, says: this is made of what came before h, keeps: 19
// Reads the column of h, its total and T too.
#include "ch04_pretrain/homework/hw04.h"
#define witten_bell solved_witten_bell
#include "../solution.c"
#undef witten_bell

void witten_bell(const int *count, int V, const double *lower, int h, double *p) {
    int *turned = allocate((size_t)V * (size_t)V, sizeof *turned);
    for (int w = 0; w < V; w++) turned[h * V + w] = count[w * V + h];
    solved_witten_bell(turned, V, lower, h, p);
    free(turned);
}
