// loses: 1, says: only what became [MASK] is a target, keeps: 21
// What stays visible is not predicted.
#include "ch04_pretrain/homework/hw04.h"
#define mask_selected solved_mask_selected
#include "../solution.c"
#undef mask_selected

void mask_selected(Rng *rng, const Corruption *c, int vocabulary, int mask,
                   const int *tokens, const bool *selected, int n, int *seen,
                   int *targets) {
    solved_mask_selected(rng, c, vocabulary, mask, tokens, selected, n, seen, targets);
    for (int i = 0; i < n; i++)
        if (seen[i] != mask) targets[i] = IGNORED;
}
