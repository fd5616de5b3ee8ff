// loses: 1, says: share m was rounded down, keeps: 23
// The budget is a conversion to int.
#include "ch04_pretrain/homework/hw04.h"
#define select_words solved_select_words
#include "../solution.c"
#undef select_words

void select_words(Rng *rng, const Word *words, int count, double share, int n,
                  bool *selected) {
    double tokens = 0;
    for (int w = 0; w < count; w++) tokens += words[w].count;
    solved_select_words(rng, words, count, floor(share * tokens) / tokens, n, selected);
}
