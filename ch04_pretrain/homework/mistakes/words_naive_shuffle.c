// loses: 1, says: exchanged with any word, keeps: 21
// A shuffle that is none.
#include "ch04_pretrain/homework/hw04.h"
#define select_words solved_select_words
#include "../solution.c"
#undef select_words

void select_words(Rng *rng, const Word *words, int count, double share, int n,
                  bool *selected) {
    int *order = allocate((size_t)count + 1, sizeof *order);
    int left = budget_of(words, count, share);
    for (int i = 0; i < n; i++) selected[i] = false;
    for (int i = 0; i < count; i++) order[i] = i;
    for (int i = 0; i < count; i++) {
        int j = rng_below(rng, count), other = order[i];
        order[i] = order[j], order[j] = other;
    }
    for (int i = 0; i < count; i++) {
        const Word *word = &words[order[i]];
        if (word->count > left) continue;
        left -= word->count;
        for (int j = 0; j < word->count; j++) selected[word->first + j] = true;
    }
    free(order);
}
