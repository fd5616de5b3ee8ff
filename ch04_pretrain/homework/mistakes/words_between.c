// loses: 1, says: tokens in no word, keeps: 22
// Special tokens keep what was in selected[] before.
#include "ch04_pretrain/homework/hw04.h"
#define select_words solved_select_words
#include "../solution.c"
#undef select_words

void select_words(Rng *rng, const Word *words, int count, double share, int n,
                  bool *selected) {
    bool *all = allocate((size_t)n + 1, sizeof *all);
    solved_select_words(rng, words, count, share, n, all);
    for (int w = 0; w < count; w++)
        memcpy(selected + words[w].first, all + words[w].first,
               (size_t)words[w].count * sizeof *all);
    free(all);
}
