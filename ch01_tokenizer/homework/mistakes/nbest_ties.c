// loses: 4, says: with the same ln p were taken for one, keeps: 10
// A way as good as one that is there is taken for the same.
#include "ch01_tokenizer/homework/hw01.h"
#define unigram_nbest solved_unigram_nbest
#include "../solution.c"
#undef unigram_nbest

static void insert_here(Way *ways, size_t *count, size_t most, Way way) {
    for (size_t i = 0; i < *count; i++)
        if (fabs(ways[i].log_p - way.log_p) < 1e-9) return;
    insert(ways, count, most, way);
}

size_t unigram_nbest(const Unigram *unigram, const char *text, size_t n, size_t most,
                     Segmentation *best) {
    Way *ways = allocate((n + 1) * most, sizeof *ways);
    size_t *counts = allocate(n + 1, sizeof *counts);
    counts[0] = 1;
    for (size_t i = 0; i < n; i++)
        for (size_t end = i + 1; end <= n; end++) {
            int token = trie_find(&unigram->trie, text + i, end - i);
            if (token == NO_TOKEN || unigram->tokens[token].log_p == -INFINITY)
                continue;
            for (size_t r = 0; r < counts[i]; r++)
                insert_here(
                    &ways[end * most], &counts[end], most,
                    (Way){ways[i * most + r].log_p + unigram->tokens[token].log_p, i, r,
                          token});
        }
    size_t count = counts[n];
    for (size_t r = 0; r < count; r++) write_way(ways, most, n, r, &best[r]);
    free(ways), free(counts);
    return count;
}
