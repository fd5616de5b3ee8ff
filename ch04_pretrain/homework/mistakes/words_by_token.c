// loses: 1, says: is it more likely than a short one, keeps: 21
// Tokens are drawn, and each brings its word along.
#include "ch04_pretrain/homework/hw04.h"
#define select_words solved_select_words
#include "../solution.c"
#undef select_words

static int word_at(const Word *words, int token) {
    int w = 0;
    for (; token >= words[w].count; w++) token -= words[w].count;
    return w;
}

void select_words(Rng *rng, const Word *words, int count, double share, int n,
                  bool *selected) {
    int left = budget_of(words, count, share), tokens = 0;
    for (int w = 0; w < count; w++) tokens += words[w].count;
    memset(selected, 0, (size_t)n * sizeof *selected);
    // as many draws as find every word, but for once in a long while
    for (int k = 0; k < 40 * tokens; k++) {
        Word word = words[word_at(words, rng_below(rng, tokens))];
        if (word.count > left || selected[word.first]) continue;
        for (int i = 0; i < word.count; i++) selected[word.first + i] = true;
        left -= word.count;
    }
}
