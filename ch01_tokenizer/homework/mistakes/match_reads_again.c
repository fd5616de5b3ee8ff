// loses: 3, says: bytes were read again, keeps: 20
// The chapter's longest match: right, but not linear.
#include "ch01_tokenizer/homework/hw01.h"
#define match_encode solved_match_encode
#include "../solution.c"
#undef match_encode

size_t match_encode(const MatchTrie *trie, const MatchLink *links, const char *word,
                    size_t n, int *tokens) {
    (void)links;
    size_t count = 0;
    for (size_t i = 0, end = 0; i < n; i = end) {
        int node = i == 0 ? WORD_ROOT : REST_ROOT;
        tokens[count] = NO_TOKEN;
        for (size_t k = i;
             k < n
             && (node = match_step(trie, node, (unsigned char)word[k])) != NO_NODE;
             k++)
            if (match_token(trie, node) != NO_TOKEN)
                tokens[count] = match_token(trie, node), end = k + 1;
        if (tokens[count++] != NO_TOKEN) continue;
        tokens[0] = UNKNOWN_TOKEN;
        return 1;
    }
    return count;
}
