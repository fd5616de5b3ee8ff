// loses: 1, says: from a random one on, keeps: 21
// From left to right, from anywhere.
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
    int start = count > 0 ? rng_below(rng, count) : 0;
    for (int i = 0; i < count; i++) order[i] = (start + i) % count;
    for (int i = 0; i < count; i++) {
        const Word *word = &words[order[i]];
        if (word->count > left) continue;
        left -= word->count;
        for (int j = 0; j < word->count; j++) selected[word->first + j] = true;
    }
    free(order);
}
