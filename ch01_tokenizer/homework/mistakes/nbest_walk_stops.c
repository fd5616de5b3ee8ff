// loses: 4, says: the walk through the trie was given up, keeps: 10
// The walk ends at the first node without a token.
#include "ch01_tokenizer/homework/hw01.h"
#define unigram_nbest solved_unigram_nbest
#include "../solution.c"
#undef unigram_nbest

size_t unigram_nbest(const Unigram *unigram, const char *text, size_t n, size_t most,
                     Segmentation *best) {
    if (most == 0) return 0;
    Way *ways = allocate((n + 1) * most, sizeof *ways);  // `most` for each place
    size_t *counts = allocate(n + 1, sizeof *counts);
    counts[0] = 1;
    for (size_t i = 0; i < n; i++) {
        int node = TRIE_ROOT;
        for (size_t end = i + 1; counts[i] > 0 && unigram->trie.count > 0 && end <= n;
             end++) {
            node = unigram->trie.nodes[node].next[(unsigned char)text[end - 1]];
            if (!node) break;
            int token = unigram->trie.nodes[node].token;
            if (token == NO_TOKEN) break;
            if (unigram->tokens[token].log_p == -INFINITY) continue;
            for (size_t r = 0; r < counts[i]; r++)
                insert(&ways[end * most], &counts[end], most,
                       (Way){ways[i * most + r].log_p + unigram->tokens[token].log_p, i,
                             r, token});
        }
    }
    size_t count = counts[n];
    for (size_t r = 0; r < count; r++) write_way(ways, most, n, r, &best[r]);
    free(ways), free(counts);
    return count;
}
