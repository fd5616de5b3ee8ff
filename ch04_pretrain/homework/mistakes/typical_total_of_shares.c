// loses: 4, says: the sum of the shares, keeps: 21
// The total is that of the shares.
#include "ch04_pretrain/homework/hw04.h"
#define candidates_typical solved_candidates_typical
#include "../solution.c"
#undef candidates_typical

void candidates_typical(Candidates *c, double mass) {
    double before = c->total;
    solved_candidates_typical(c, mass);
    c->total /= before;
}
