// loses: 4, says: only the last token varies, keeps: 6
// Viterbi with a list at the end of the text only.
#include "ch01_tokenizer/homework/hw01.h"
#define unigram_nbest solved_unigram_nbest
#include "../solution.c"
#undef unigram_nbest

size_t unigram_nbest(const Unigram *unigram, const char *text, size_t n, size_t most,
                     Segmentation *best) {
    Way *ways = allocate(most, sizeof *ways);
    size_t count = 0;
    if (n == 0) return solved_unigram_nbest(unigram, text, n, most, best);
    for (size_t begin = 0; begin < n; begin++) {
        int token = trie_find(&unigram->trie, text + begin, n - begin);
        double before = unigram_viterbi(unigram, text, begin, NULL, NULL);
        if (token == NO_TOKEN || before + unigram->tokens[token].log_p == -INFINITY)
            continue;
        insert(ways, &count, most,
               (Way){before + unigram->tokens[token].log_p, begin, 0, token});
    }
    for (size_t i = 0; i < count; i++) {
        unigram_viterbi(unigram, text, ways[i].begin, best[i].tokens, &best[i].count);
        best[i].tokens[best[i].count++] = ways[i].token;
        best[i].log_p = ways[i].log_p;
    }
    free(ways);
    return count;
}
