// loses: 3, says: this is how frequent w is, keeps: 20
// Every occurrence counts.
#include "ch04_pretrain/homework/hw04.h"
#define continuation solved_continuation
#include "../solution.c"
#undef continuation

void continuation(const int *count, int V, double *p) {
    double total = 0;
    for (int w = 0; w < V; w++) p[w] = 0;
    for (int h = 0; h < V; h++)
        for (int w = 0; w < V; w++) p[w] += count[h * V + w], total += count[h * V + w];
    for (int w = 0; w < V; w++) p[w] /= total;
}
