// loses: 6, says: always the most likely token, keeps: 21
// The most likely token, not a draw.
#include "ch04_pretrain/homework/hw04.h"
#define replace_tokens solved_replace_tokens
#include "../solution.c"
#undef replace_tokens

void replace_tokens(Rng *rng, const int *tokens, const bool *selected, int n,
                    const double *generator, int V, int *seen, bool *replaced) {
    (void)rng;
    for (int i = 0; i < n; i++) {
        int best = 0;
        for (int w = 1; w < V; w++)
            if (generator[i * V + w] > generator[i * V + best]) best = w;
        seen[i] = selected[i] ? best : tokens[i];
        replaced[i] = seen[i] != tokens[i];
    }
}
