// loses: 1, says: the budget was computed from the whole row, keeps: 23
// Special tokens count for the share.
#include "ch04_pretrain/homework/hw04.h"
#define select_words solved_select_words
#include "../solution.c"
#undef select_words

void select_words(Rng *rng, const Word *words, int count, double share, int n,
                  bool *selected) {
    int tokens = 0;
    for (int w = 0; w < count; w++) tokens += words[w].count;
    solved_select_words(rng, words, count, share * n / tokens, n, selected);
}
