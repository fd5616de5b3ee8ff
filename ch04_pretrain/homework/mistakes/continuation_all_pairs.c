// loses: 3, says: divided by V V: by the, keeps: 20
#include "ch04_pretrain/homework/hw04.h"

#define continuation solved_continuation
#include "../solution.c"
#undef continuation

void continuation(const int *count, int V, double *p) {
    double pairs = 0;
    for (int w = 0; w < V; w++) p[w] = 0;
    for (int h = 0; h < V; h++)
        for (int w = 0; w < V; w++)
            if (count[h * V + w] > 0) p[w]++;
    pairs = V * V;
    for (int w = 0; w < V; w++) p[w] /= pairs;
}
