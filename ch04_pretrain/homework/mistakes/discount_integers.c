// loses: 3, says: a quotient of integers, keeps: 21
// Counts are ints.
#include "ch04_pretrain/homework/hw04.h"
#define pair_discount solved_pair_discount
#include "../solution.c"
#undef pair_discount

double pair_discount(const int *count, int V) {
    int n1 = 0, n2 = 0;
    for (int i = 0; i < V * V; i++) n1 += count[i] == 1, n2 += count[i] == 2;
    return n1 ? n1 / (n1 + 2 * n2) : 0.5;
}
