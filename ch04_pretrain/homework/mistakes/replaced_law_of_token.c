// loses: 6, says: not to the token that is, keeps: 21
#include "ch04_pretrain/homework/hw04.h"

#define replace_tokens solved_replace_tokens
#include "../solution.c"
#undef replace_tokens

void replace_tokens(Rng *rng, const int *tokens, const bool *selected, int n,
                    const double *generator, int V, int *seen, bool *replaced) {
    for (int i = 0; i < n; i++) {
        seen[i] = selected[i] ? rng_categorical(rng, generator + tokens[i] * V, V)
                              : tokens[i];
        replaced[i] = seen[i] != tokens[i];
    }
}
