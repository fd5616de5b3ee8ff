// loses: 3, says: share one array of pops, keeps: 15
// A child begins with its parent's pops: with the array itself, not a copy.
#include "ch01_tokenizer/homework/hw01.h"
#define match_links solved_match_links
#include "../solution.c"
#undef match_links

void match_links(const MatchTrie *trie, MatchLink *links) {
    solved_match_links(trie, links);
    for (int parent = 0; parent < match_nodes(trie); parent++)
        for (int byte = 0; byte < 256; byte++) {
            int node = match_step(trie, parent, (unsigned char)byte);
            if (node == NO_NODE || match_token(trie, node) != NO_TOKEN) continue;
            if (links[parent].pop_count == links[node].pop_count)
                links[node].pops = links[parent].pops;
        }
}
