// loses: 3, says: ends inside a longer token is not lost yet, keeps: 10
// At the end takes the token of the node the walk is at; a node without one is unknown.
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
        if (next != NO_NODE) node = next, i++;
        else known = follow(&links[node], &node, tokens, &count);
    }
    if (n == 0) return 0;
    int last = known ? match_token(trie, node) : NO_TOKEN;
    if (last == NO_TOKEN) tokens[0] = UNKNOWN_TOKEN, count = 0;
    else tokens[count] = last;
    return count + 1;
}
