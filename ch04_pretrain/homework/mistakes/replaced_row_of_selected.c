// loses: 6, says: the k-th selected token, keeps: 21
// The generator is taken for a row per selected token.
#include "ch04_pretrain/homework/hw04.h"
#define replace_tokens solved_replace_tokens
#include "../solution.c"
#undef replace_tokens

void replace_tokens(Rng *rng, const int *tokens, const bool *selected, int n,
                    const double *generator, int V, int *seen, bool *replaced) {
    int drawn = 0;
    for (int i = 0; i < n; i++) {
        seen[i] = tokens[i];
        if (selected[i]) seen[i] = rng_categorical(rng, generator + drawn++ * V, V);
        replaced[i] = seen[i] != tokens[i];
    }
}
