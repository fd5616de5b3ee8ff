// loses: 3, says: given up too early, keeps: 15
// Where the first link does not help, the word is given up.
#include "ch01_tokenizer/homework/hw01.h"
#define match_encode solved_match_encode
#include "../solution.c"
#undef match_encode

size_t match_encode(const MatchTrie *trie, const MatchLink *links, const char *word,
                    size_t n, int *tokens) {
    size_t count = 0;
    int node = WORD_ROOT;
    bool known = true;
    for (size_t i = 0; known && i < n; i++) {
        int next = match_step(trie, node, (unsigned char)word[i]);
        if (next == NO_NODE) {
            known = follow(&links[node], &node, tokens, &count);
            if (known) next = match_step(trie, node, (unsigned char)word[i]);
        }
        node = next;
        known = node != NO_NODE;
    }
    while (n > 0 && known && node != REST_ROOT)
        known = follow(&links[node], &node, tokens, &count);
    if (known) return count;
    tokens[0] = UNKNOWN_TOKEN;
    return 1;
}
