// loses: 4, says: p was taken for the share, keeps: 23
// The sum of p ln p, whatever p sum to.
#include "ch04_pretrain/homework/hw04.h"
#define candidates_entropy solved_candidates_entropy
#include "../solution.c"
#undef candidates_entropy

double candidates_entropy(const Candidates *c) {
    Candidates whole = *c;
    whole.total = 1;
    return solved_candidates_entropy(&whole);
}
