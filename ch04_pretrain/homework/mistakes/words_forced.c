// loses: 1, says: where none fits, none is selected, keeps: 24
// At least one word, fit or not.
#include "ch04_pretrain/homework/hw04.h"
#define select_words solved_select_words
#include "../solution.c"
#undef select_words

void select_words(Rng *rng, const Word *words, int count, double share, int n,
                  bool *selected) {
    int some = 0;
    solved_select_words(rng, words, count, share, n, selected);
    for (int i = 0; i < n; i++) some += selected[i];
    if (some > 0 || count == 0) return;
    for (int j = 0; j < words[0].count; j++) selected[words[0].first + j] = true;
}
