// loses: 4, says: within the entropy's logarithm stands p, keeps: 23
// p within the logarithm of the entropy.
#include "ch04_pretrain/homework/hw04.h"
#define typical_distance solved_typical_distance
#include "../solution.c"
#undef typical_distance

double typical_distance(const Candidates *c, int i) {
    return distance_from(entropy_of(c) - log(c->total), c, i);
}
