// loses: 3, says: the 2 belongs to n_2: n_1, keeps: 21
#include "ch04_pretrain/homework/hw04.h"

#define pair_discount solved_pair_discount
#include "../solution.c"
#undef pair_discount

double pair_discount(const int *count, int V) {
    double ones = 0, twos = 0;
    for (int i = 0; i < V * V; i++) ones += count[i] == 1, twos += count[i] == 2;
    return ones > 0 ? ones / (2 * ones + twos) : 0.5;
}
