// loses: 1, says: the same draw that decided, keeps: 21
// One draw decides, and says which token.
#include "ch04_pretrain/homework/hw04.h"
#define mask_selected solved_mask_selected
#include "../solution.c"
#undef mask_selected

void mask_selected(Rng *rng, const Corruption *c, int vocabulary, int mask,
                   const int *tokens, const bool *selected, int n, int *seen,
                   int *targets) {
    for (int i = 0; i < n; i++) {
        seen[i] = tokens[i];
        targets[i] = selected[i] ? tokens[i] : IGNORED;
        if (!selected[i]) continue;
        double u = rng_uniform(rng);
        if (u < c->mask) seen[i] = mask;
        else if (u < c->mask + c->random) seen[i] = (int)(u * vocabulary);
    }
}
