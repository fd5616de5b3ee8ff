// loses: 1, says: as many words as the budget has tokens, keeps: 19
// Each word takes one of the budget.
#include "ch04_pretrain/homework/hw04.h"
#define select_words solved_select_words
#include "../solution.c"
#undef select_words

void select_words(Rng *rng, const Word *words, int count, double share, int n,
                  bool *selected) {
    int *order = allocate((size_t)count, sizeof *order),
        left = budget_of(words, count, share);
    for (int w = 0; w < count; w++) order[w] = w;
    rng_shuffle(rng, order, count);
    memset(selected, 0, (size_t)n * sizeof *selected);
    for (int k = 0; k < count; k++) {
        Word word = words[order[k]];
        if (word.count > left) continue;
        memset(selected + word.first, true, (size_t)word.count);
        left--;
    }
    free(order);
}
