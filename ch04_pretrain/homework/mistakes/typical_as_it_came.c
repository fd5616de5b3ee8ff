// loses: 4, says: a mass of 1 leaves the list as it came, keeps: 17
// Returns at once where the mass is 1.
#include "ch04_pretrain/homework/hw04.h"
#define candidates_typical solved_candidates_typical
#include "../solution.c"
#undef candidates_typical

void candidates_typical(Candidates *c, double mass) {
    if (mass < 1) solved_candidates_typical(c, mass);
}
