// loses: 1, says: stopped at a word that did not fit, keeps: 19
// The first word that is too long ends the selection.
#include "ch04_pretrain/homework/hw04.h"
#define select_words solved_select_words
#include "../solution.c"
#undef select_words

void select_words(Rng *rng, const Word *words, int count, double share, int n,
                  bool *selected) {
    int *order = allocate((size_t)count, sizeof *order);
    int left = budget_of(words, count, share);
    for (int w = 0; w < count; w++) order[w] = w;
    rng_shuffle(rng, order, count);
    memset(selected, 0, (size_t)n * sizeof *selected);
    for (int k = 0; k < count; k++) {
        Word word = words[order[k]];
        if (word.count > left) break;
        for (int i = 0; i < word.count; i++) selected[word.first + i] = true;
        left -= word.count;
    }
    free(order);
}
