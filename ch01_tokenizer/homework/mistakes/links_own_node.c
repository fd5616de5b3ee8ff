// loses: 3, says: links lead to their own nodes, keeps: 15
// The walk begins at the parent, which can read the byte: it leads to the node.
#include "ch01_tokenizer/homework/hw01.h"
#define match_links solved_match_links
#include "../solution.c"
#undef match_links

static MatchLink link_of_here(const MatchTrie *trie, const MatchLink *links, int parent,
                              unsigned char byte, int node) {
    int token = match_token(trie, node), next = NO_NODE;
    MatchLink link = {NO_NODE, 0, NULL};
    if (token != NO_TOKEN) {
        add_pops(&link, &(MatchLink){.pop_count = 1, .pops = &token});
        link.link = REST_ROOT;
        return link;
    }
    // Where the walk cannot pass `node`, do as at the parent, until the byte can be
    // read after all.
    add_pops(&link, &links[parent]);
    next = match_step(trie, parent, byte);
    link.link = next;
    if (next != NO_NODE) return link;
    free(link.pops);
    return (MatchLink){NO_NODE, 0, NULL};
}

void match_links(const MatchTrie *trie, MatchLink *links) {
    links[WORD_ROOT].link = links[REST_ROOT].link = NO_NODE;
    // by depth: links[parent] is done
    for (int parent = 0; parent < match_nodes(trie); parent++)
        for (int byte = 0; byte < 256; byte++) {
            int node = match_step(trie, parent, (unsigned char)byte);
            if (node != NO_NODE)
                links[node] =
                    link_of_here(trie, links, parent, (unsigned char)byte, node);
        }
}
