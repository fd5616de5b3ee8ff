// loses: 3, says: the tokens that came after w, keeps: 20
// Rows and columns are exchanged.
#include "ch04_pretrain/homework/hw04.h"
#define continuation solved_continuation
#include "../solution.c"
#undef continuation

void continuation(const int *count, int V, double *p) {
    int *turned = allocate((size_t)(V * V), sizeof *turned);
    for (int h = 0; h < V; h++)
        for (int w = 0; w < V; w++) turned[w * V + h] = count[h * V + w];
    solved_continuation(turned, V, p);
    free(turned);
}
