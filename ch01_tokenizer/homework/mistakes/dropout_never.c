// loses: 1, says: nothing is ever merged, keeps: 5
// The lowest symbol begins with NO_SYMBOL, which is below all of them.
#include "ch01_tokenizer/homework/hw01.h"
#define bpe_dropout solved_bpe_dropout
#include "../solution.c"
#undef bpe_dropout

size_t bpe_dropout(const PairTable *table, int *symbols, size_t n, double p, Rng *rng) {
    for (;;) {
        int best = NO_SYMBOL;
        size_t where = 0;
        for (size_t i = 0; i + 1 < n; i++) {
            int merged = pair_find(table, symbols[i], symbols[i + 1]);
            if (merged == NO_SYMBOL || rng_uniform(rng) < p) continue;
            if (merged < best) best = merged, where = i;
        }
        if (best == NO_SYMBOL) return n;
        symbols[where] = best;
        n--;
        memmove(&symbols[where + 1], &symbols[where + 2],
                (n - where - 1) * sizeof *symbols);
    }
}
