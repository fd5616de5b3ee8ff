// loses: 1, says: tokens were selected, not words, keeps: 17
// Tokens are drawn until the budget is used up.
#include "ch04_pretrain/homework/hw04.h"
#define select_words solved_select_words
#include "../solution.c"
#undef select_words

void select_words(Rng *rng, const Word *words, int count, double share, int n,
                  bool *selected) {
    int left = budget_of(words, count, share);
    memset(selected, 0, (size_t)n * sizeof *selected);
    while (left > 0) {
        Word word = words[rng_below(rng, count)];
        int at = word.first + rng_below(rng, word.count);
        left -= !selected[at];
        selected[at] = true;
    }
}
