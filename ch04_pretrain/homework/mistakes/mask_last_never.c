// loses: 1, says: the last token of the vocabulary, keeps: 21
// One token too few to draw from.
#include "ch04_pretrain/homework/hw04.h"
#define mask_selected solved_mask_selected
#include "../solution.c"
#undef mask_selected

void mask_selected(Rng *rng, const Corruption *c, int vocabulary, int mask,
                   const int *tokens, const bool *selected, int n, int *seen,
                   int *targets) {
    solved_mask_selected(rng, c, vocabulary - 1, mask, tokens, selected, n, seen,
                         targets);
}
