// loses: 3, says: begins at REST_ROOT, keeps: 15
// After a whole token the walk starts again as if a new word began.
#include "ch01_tokenizer/homework/hw01.h"
#define match_links solved_match_links
#include "../solution.c"
#undef match_links

void match_links(const MatchTrie *trie, MatchLink *links) {
    solved_match_links(trie, links);
    for (int node = 0; node < match_nodes(trie); node++)
        if (links[node].link == REST_ROOT) links[node].link = WORD_ROOT;
}
