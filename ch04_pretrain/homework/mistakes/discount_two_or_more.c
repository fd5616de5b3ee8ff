// loses: 3, says: not twice or more, keeps: 21
// n_2 counts all that came again.
#include "ch04_pretrain/homework/hw04.h"
#define pair_discount solved_pair_discount
#include "../solution.c"
#undef pair_discount

double pair_discount(const int *count, int V) {
    double n1 = 0, more = 0;
    for (int i = 0; i < V * V; i++) n1 += count[i] == 1, more += count[i] > 1;
    return n1 > 0 ? n1 / (n1 + 2 * more) : 0.5;
}
