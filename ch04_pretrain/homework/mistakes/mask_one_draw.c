// loses: 1, says: one draw for a whole word, keeps: 21
// Neighbours share their draw.
#include "ch04_pretrain/homework/hw04.h"
#define mask_selected solved_mask_selected
#include "../solution.c"
#undef mask_selected

void mask_selected(Rng *rng, const Corruption *c, int vocabulary, int mask,
                   const int *tokens, const bool *selected, int n, int *seen,
                   int *targets) {
    double u = 0;
    for (int i = 0; i < n; i++) {
        seen[i] = tokens[i];
        targets[i] = selected[i] ? tokens[i] : IGNORED;
        if (!selected[i]) continue;
        if (i == 0 || !selected[i - 1]) u = rng_uniform(rng);
        if (u < c->mask) seen[i] = mask;
        else if (u < c->mask + c->random) seen[i] = rng_below(rng, vocabulary);
    }
}
