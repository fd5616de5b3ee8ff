// loses: 3, says: the end-of-word trap, keeps: 10
// Follows links where a byte cannot be read, but not where the word ends.
#include "ch01_tokenizer/homework/hw01.h"
#define match_encode solved_match_encode
#include "../solution.c"
#undef match_encode

size_t match_encode(const MatchTrie *trie, const MatchLink *links, const char *word,
                    size_t n, int *tokens) {
    size_t count = 0;
    int node = WORD_ROOT;
    for (size_t i = 0; i < n;) {
        int next = match_step(trie, node, (unsigned char)word[i]);
        if (next != NO_NODE) {
            node = next, i++;
        } else if (!follow(&links[node], &node, tokens, &count)) {
            tokens[0] = UNKNOWN_TOKEN;
            return 1;
        }
    }
    return count;
}
