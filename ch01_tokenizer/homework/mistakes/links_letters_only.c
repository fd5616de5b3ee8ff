// loses: 3, says: child by each of the 256 bytes, keeps: 21
// Children are looked for by letters alone.
#include "ch01_tokenizer/homework/hw01.h"
#define match_links solved_match_links
#include "../solution.c"
#undef match_links

void match_links(const MatchTrie *trie, MatchLink *links) {
    links[WORD_ROOT].link = links[REST_ROOT].link = NO_NODE;
    // by depth: links[parent] is done
    for (int parent = 0; parent < match_nodes(trie); parent++)
        for (int byte = 'a'; byte <= 'z'; byte++) {
            int node = match_step(trie, parent, (unsigned char)byte);
            if (node != NO_NODE)
                links[node] = link_of(trie, links, parent, (unsigned char)byte, node);
        }
}
