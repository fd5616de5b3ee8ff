// loses: 4, says: a token with ln p = -infinity was used, keeps: 10
// Uses all tokens.
#include "ch01_tokenizer/homework/hw01.h"
#define unigram_nbest solved_unigram_nbest
#include "../solution.c"
#undef unigram_nbest

size_t unigram_nbest(const Unigram *unigram, const char *text, size_t n, size_t most,
                     Segmentation *best) {
    Way *ways = allocate((n + 1) * most, sizeof *ways);
    size_t *counts = allocate(n + 1, sizeof *counts);
    counts[0] = 1;
    for (size_t i = 0; i < n; i++)
        for (size_t end = i + 1; end <= n; end++) {
            int token = trie_find(&unigram->trie, text + i, end - i);
            if (token == NO_TOKEN) continue;
            for (size_t r = 0; r < counts[i]; r++)
                insert(&ways[end * most], &counts[end], most,
                       (Way){ways[i * most + r].log_p + unigram->tokens[token].log_p, i,
                             r, token});
        }
    size_t count = counts[n];
    for (size_t r = 0; r < count; r++) write_way(ways, most, n, r, &best[r]);
    free(ways), free(counts);
    return count;
}
