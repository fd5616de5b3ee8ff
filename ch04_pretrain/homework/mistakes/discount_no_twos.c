// loses: 3, says: the case of its own is n_1 = 0, keeps: 24
// 1/2 where either is 0.
#include "ch04_pretrain/homework/hw04.h"
#define pair_discount solved_pair_discount
#include "../solution.c"
#undef pair_discount

double pair_discount(const int *count, int V) {
    double D = solved_pair_discount(count, V);
    return D == 1 ? 0.5 : D;
}
