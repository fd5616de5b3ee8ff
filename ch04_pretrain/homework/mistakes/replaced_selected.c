// loses: 6, says: is not replaced, keeps: 21
// Selected is taken for replaced.
#include "ch04_pretrain/homework/hw04.h"
#define replace_tokens solved_replace_tokens
#include "../solution.c"
#undef replace_tokens

void replace_tokens(Rng *rng, const int *tokens, const bool *selected, int n,
                    const double *generator, int V, int *seen, bool *replaced) {
    solved_replace_tokens(rng, tokens, selected, n, generator, V, seen, replaced);
    for (int i = 0; i < n; i++) replaced[i] = selected[i];
}
