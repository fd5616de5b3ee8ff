// loses: 1, says: tried from left to right, keeps: 21
// The order is not shuffled.
#include "ch04_pretrain/homework/hw04.h"
#define select_words solved_select_words
#include "../solution.c"
#undef select_words

void select_words(Rng *rng, const Word *words, int count, double share, int n,
                  bool *selected) {
    (void)rng;
    int *order = allocate((size_t)count, sizeof *order);
    int left = budget_of(words, count, share);
    for (int w = 0; w < count; w++) order[w] = w;

    memset(selected, 0, (size_t)n * sizeof *selected);
    for (int k = 0; k < count; k++) {
        Word word = words[order[k]];
        if (word.count > left) continue;
        for (int i = 0; i < word.count; i++) selected[word.first + i] = true;
        left -= word.count;
    }
    free(order);
}
