// loses: 4, says: p was taken for the share, keeps: 23
// Surprise and entropy of p, whatever they sum to.
#include "ch04_pretrain/homework/hw04.h"
#define typical_distance solved_typical_distance
#include "../solution.c"
#undef typical_distance

double typical_distance(const Candidates *c, int i) {
    Candidates whole = *c;
    whole.total = 1;
    return solved_typical_distance(&whole, i);
}
