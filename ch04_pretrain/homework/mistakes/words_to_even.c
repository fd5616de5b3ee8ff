// loses: 1, says: rounded to the even number, keeps: 23
// lrint for round.
#include "ch04_pretrain/homework/hw04.h"
#define select_words solved_select_words
#include "../solution.c"
#undef select_words

void select_words(Rng *rng, const Word *words, int count, double share, int n,
                  bool *selected) {
    int tokens = 0;
    for (int w = 0; w < count; w++) tokens += words[w].count;
    // a share that gives the even number
    double to_even = tokens > 0 ? rint(share * tokens) / tokens : share;
    solved_select_words(rng, words, count, to_even, n, selected);
}
