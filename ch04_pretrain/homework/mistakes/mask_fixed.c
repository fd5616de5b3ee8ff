// loses: 1, says: whatever the corruption says, keeps: 21
// BERT's shares.
#include "ch04_pretrain/homework/hw04.h"
#define mask_selected solved_mask_selected
#include "../solution.c"
#undef mask_selected

void mask_selected(Rng *rng, const Corruption *c, int vocabulary, int mask,
                   const int *tokens, const bool *selected, int n, int *seen,
                   int *targets) {
    (void)c;
    solved_mask_selected(rng, &BERT_CORRUPTION, vocabulary, mask, tokens, selected, n,
                         seen, targets);
}
