// loses: 1, says: no token became a random one, keeps: 21
// The second comparison is with c->random alone.
#include "ch04_pretrain/homework/hw04.h"
#define mask_selected solved_mask_selected
#include "../solution.c"
#undef mask_selected

void mask_selected(Rng *rng, const Corruption *c, int vocabulary, int mask,
                   const int *tokens, const bool *selected, int n, int *seen,
                   int *targets) {
    Corruption never = *c;
    never.random = 0;
    solved_mask_selected(rng, &never, vocabulary, mask, tokens, selected, n, seen,
                         targets);
}
