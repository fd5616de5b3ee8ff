// loses: 3, says: this is lower alone, keeps: 20
// c(h) / (c(h) + T) is a quotient of integers.
#include "ch04_pretrain/homework/hw04.h"
#define witten_bell solved_witten_bell
#include "../solution.c"
#undef witten_bell

void witten_bell(const int *count, int V, const double *lower, int h, double *p) {
    int total = 0, different = 0;
    for (int w = 0; w < V; w++)
        total += count[h * V + w], different += count[h * V + w] > 0;
    double kept = total > 0 ? total / (total + different) : 0;
    for (int w = 0; w < V; w++)
        p[w] =
            (1 - kept) * lower[w] + (total > 0 ? kept * count[h * V + w] / total : 0);
}
