// loses: 6, says: with the sum up to w, keeps: 21
// Each probability by itself.
#include "ch04_pretrain/homework/hw04.h"
#define replace_tokens solved_replace_tokens
#include "../solution.c"
#undef replace_tokens

void replace_tokens(Rng *rng, const int *tokens, const bool *selected, int n,
                    const double *generator, int V, int *seen, bool *replaced) {
    for (int i = 0; i < n; i++) {
        double u = rng_uniform(rng);
        seen[i] = tokens[i];
        for (int w = V - 1; w >= 0 && selected[i]; w--)
            if (u < generator[i * V + w]) seen[i] = w;
        replaced[i] = seen[i] != tokens[i];
    }
}
