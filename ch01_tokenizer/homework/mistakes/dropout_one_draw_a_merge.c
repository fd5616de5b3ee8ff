// loses: 1, says: one draw per merge rule, keeps: 10
// In each step a merge is dropped as a rule: at all of its places or at none.
#include "ch01_tokenizer/homework/hw01.h"
#define bpe_dropout solved_bpe_dropout
#include "../solution.c"
#undef bpe_dropout

size_t bpe_dropout(const PairTable *table, int *symbols, size_t n, double p, Rng *rng) {
    for (;; n--) {
        int best = NO_SYMBOL;
        size_t where = 0;
        Rng step = rng_new(rng_bits(rng));
        for (size_t i = 0; i + 1 < n; i++) {
            int merged = pair_find(table, symbols[i], symbols[i + 1]);
            if (merged == NO_SYMBOL) continue;
            Rng draw = rng_split(&step, (uint64_t)merged);
            if (rng_uniform(&draw) < p) continue;
            if (best == NO_SYMBOL || merged < best) best = merged, where = i;
        }
        if (best == NO_SYMBOL) return n;
        symbols[where] = best;
        memmove(&symbols[where + 1], &symbols[where + 2],
                (n - where - 2) * sizeof *symbols);
    }
}
