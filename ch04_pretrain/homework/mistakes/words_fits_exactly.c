// loses: 1, says: was passed over: it fits, keeps: 18
// Less than what is left, not as much.
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
        if (word.count >= left) continue;
        for (int i = 0; i < word.count; i++) selected[word.first + i] = true;
        left -= word.count;
    }
    free(order);
}
