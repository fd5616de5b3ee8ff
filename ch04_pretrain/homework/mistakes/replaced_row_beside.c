// loses: 6, says: from the row before or after its own, keeps: 21
// Each token is drawn from the row before its own.
#include "ch04_pretrain/homework/hw04.h"
#define replace_tokens solved_replace_tokens
#include "../solution.c"
#undef replace_tokens

void replace_tokens(Rng *rng, const int *tokens, const bool *selected, int n,
                    const double *generator, int V, int *seen, bool *replaced) {
    for (int i = 0; i < n; i++) {
        const double *law = generator + (i > 0 ? i - 1 : 0) * V;
        seen[i] = selected[i] ? rng_categorical(rng, law, V) : tokens[i];
        replaced[i] = seen[i] != tokens[i];
    }
}
