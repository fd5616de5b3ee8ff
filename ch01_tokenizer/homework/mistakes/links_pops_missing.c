// loses: 3, says: each link that is followed on the way adds its own, keeps: 15
// Only the parent's pops are taken, not those of the links on the way.
#include "ch01_tokenizer/homework/hw01.h"
#define match_links solved_match_links
#include "../solution.c"
#undef match_links

void match_links(const MatchTrie *trie, MatchLink *links) {
    MatchLink *right = allocate((size_t)match_nodes(trie), sizeof *right);
    solved_match_links(trie, right);
    memcpy(links, right, (size_t)match_nodes(trie) * sizeof *links);
    for (int parent = 0; parent < match_nodes(trie); parent++)
        for (int byte = 0; byte < 256; byte++) {
            int node = match_step(trie, parent, (unsigned char)byte);
            if (node == NO_NODE || match_token(trie, node) != NO_TOKEN) continue;
            if (links[node].pop_count > right[parent].pop_count)
                links[node].pop_count = right[parent].pop_count;
        }
    free(right);
}
