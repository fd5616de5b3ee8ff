// loses: 1, says: whatever `share` says, keeps: 19
// Always 15 %.
#include "ch04_pretrain/homework/hw04.h"
#define select_words solved_select_words
#include "../solution.c"
#undef select_words

void select_words(Rng *rng, const Word *words, int count, double share, int n,
                  bool *selected) {
    (void)share;
    solved_select_words(rng, words, count, 0.15, n, selected);
}
