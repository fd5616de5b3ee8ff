// loses: 1, says: drawn again until it goes through, keeps: 6
// Tries again as long as there is a place that has a merge; at p = 1 without end.
#include "ch01_tokenizer/homework/hw01.h"
#define bpe_dropout solved_bpe_dropout
#include "../solution.c"
#undef bpe_dropout

static bool has_place(const PairTable *table, const int *symbols, size_t n) {
    for (size_t i = 0; i + 1 < n; i++)
        if (pair_find(table, symbols[i], symbols[i + 1]) != NO_SYMBOL) return true;
    return false;
}

size_t bpe_dropout(const PairTable *table, int *symbols, size_t n, double p, Rng *rng) {
    do n = solved_bpe_dropout(table, symbols, n, p, rng);
    while (has_place(table, symbols, n));
    return n;
}
