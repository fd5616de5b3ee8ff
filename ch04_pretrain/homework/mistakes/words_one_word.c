// loses: 1, says: one word is selected, and no more, keeps: 19
// The first word that fits.
#include "ch04_pretrain/homework/hw04.h"
#define select_words solved_select_words
#include "../solution.c"
#undef select_words

void select_words(Rng *rng, const Word *words, int count, double share, int n,
                  bool *selected) {
    int left = budget_of(words, count, share),
        *order = allocate((size_t)count + 1, sizeof *order);
    for (int i = 0; i < n; i++) selected[i] = false;
    for (int i = 0; i < count; i++) order[i] = i;
    rng_shuffle(rng, order, count);
    for (int i = 0; i < count; i++) {
        Word word = words[order[i]];
        if (word.count > left) continue;
        for (int j = 0; j < word.count; j++) selected[word.first + j] = true;
        break;
    }
    free(order);
}
