// loses: 3, says: the roots lead nowhere, keeps: 15
// Leaves the links of the roots as they come: 0, which is WORD_ROOT.
#include "ch01_tokenizer/homework/hw01.h"
#define match_links solved_match_links
#include "../solution.c"
#undef match_links

void match_links(const MatchTrie *trie, MatchLink *links) {
    for (int parent = 0; parent < match_nodes(trie); parent++)
        for (int byte = 0; byte < 256; byte++) {
            int node = match_step(trie, parent, (unsigned char)byte);
            if (node != NO_NODE)
                links[node] = link_of(trie, links, parent, (unsigned char)byte, node);
        }
}
