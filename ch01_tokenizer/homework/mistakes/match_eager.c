// loses: 3, says: cut off as soon as one ended, keeps: 10
// The first token that ends is taken, not the longest.
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
        int next = match_step(trie, node, (unsigned char)word[i]);
        if (next != NO_NODE) {
            int token = match_token(trie, next);
            node = token == NO_TOKEN ? next : REST_ROOT, i++;
            if (token != NO_TOKEN) tokens[count++] = token;
        } else known = follow(&links[node], &node, tokens, &count);
    }
    while (n > 0 && known && node != REST_ROOT)
        known = follow(&links[node], &node, tokens, &count);
    if (known) return count;
    tokens[0] = UNKNOWN_TOKEN;
    return 1;
}
