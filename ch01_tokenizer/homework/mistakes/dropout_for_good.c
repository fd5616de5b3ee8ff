// loses: 1, says: skipped for good, keeps: 6
// Draws once for each pair that comes up, and remembers it.
#include "ch01_tokenizer/homework/hw01.h"
#define bpe_dropout solved_bpe_dropout
#include "../solution.c"
#undef bpe_dropout

size_t bpe_dropout(const PairTable *table, int *symbols, size_t n, double p, Rng *rng) {
    enum { NOT_DRAWN, KEPT, SKIPPED };
    char *place = allocate(n + 1, 1);
    for (;; n--) {
        int best = NO_SYMBOL;
        size_t where = 0;
        for (size_t i = 0; i + 1 < n; i++) {
            int merged = pair_find(table, symbols[i], symbols[i + 1]);
            if (merged == NO_SYMBOL) continue;
            if (place[i] == NOT_DRAWN) place[i] = rng_uniform(rng) < p ? SKIPPED : KEPT;
            if (place[i] == KEPT && (best == NO_SYMBOL || merged < best))
                best = merged, where = i;
        }
        if (best == NO_SYMBOL) break;
        symbols[where] = best;
        memmove(&symbols[where + 1], &symbols[where + 2],
                (n - where - 2) * sizeof *symbols);
        memmove(&place[where + 1], &place[where + 2], n - where - 2);
        place[where] = NOT_DRAWN;
        if (where > 0) place[where - 1] = NOT_DRAWN;
    }
    free(place);
    return n;
}
