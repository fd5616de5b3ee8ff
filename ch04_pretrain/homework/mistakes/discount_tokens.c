// loses: 3, says: here each counts twice, keeps: 21
// n_2 adds the counts up.
#include "ch04_pretrain/homework/hw04.h"
#define pair_discount solved_pair_discount
#include "../solution.c"
#undef pair_discount

double pair_discount(const int *count, int V) {
    double ones = 0, twos = 0;
    for (int i = 0; i < V * V; i++) {
        if (count[i] == 1) ones += count[i];
        if (count[i] == 2) twos += count[i];
    }
    return ones > 0 ? ones / (ones + 2 * twos) : 0.5;
}
