// loses: 3, says: many were asked for twice, keeps: 20
// A step is asked for to see whether there is one, and again to take it.
#include "ch01_tokenizer/homework/hw01.h"
#define match_encode solved_match_encode
#include "../solution.c"
#undef match_encode

size_t match_encode(const MatchTrie *trie, const MatchLink *links, const char *word,
                    size_t n, int *tokens) {
    size_t count = 0;
    int node = WORD_ROOT;
    bool known = true;
    for (size_t i = 0; known && i < n;) {
        if (match_step(trie, node, (unsigned char)word[i]) != NO_NODE)
            node = match_step(trie, node, (unsigned char)word[i]), i++;
        else known = follow(&links[node], &node, tokens, &count);
    }
    while (n > 0 && known && node != REST_ROOT)
        known = follow(&links[node], &node, tokens, &count);
    if (known) return count;
    tokens[0] = UNKNOWN_TOKEN;
    return 1;
}
