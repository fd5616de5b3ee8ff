// loses: 1, says: one place that is skipped ends the encoding, keeps: 6
// A place that is skipped ends the word at once.
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
            if (merged == NO_SYMBOL) continue;
            if (rng_uniform(rng) < p) return n;
            if (best == NO_SYMBOL || merged < best) best = merged, where = i;
        }
        if (best == NO_SYMBOL) return n;
        symbols[where] = best;
        n--;
        memmove(&symbols[where + 1], &symbols[where + 2],
                (n - where - 1) * sizeof *symbols);
    }
}
