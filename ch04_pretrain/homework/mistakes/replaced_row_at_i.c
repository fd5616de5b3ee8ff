// loses: 6, says: its row begins at i V, keeps: 21
// A row is not as long as it is.
#include "ch04_pretrain/homework/hw04.h"
#define replace_tokens solved_replace_tokens
#include "../solution.c"
#undef replace_tokens

void replace_tokens(Rng *rng, const int *tokens, const bool *selected, int n,
                    const double *generator, int V, int *seen, bool *replaced) {
    for (int i = 0; i < n; i++) {
        seen[i] = tokens[i];
        if (selected[i]) seen[i] = rng_categorical(rng, generator + i, V);
        replaced[i] = seen[i] != tokens[i];
    }
}
