// loses: 3, says: what its parent pops is part of it, keeps: 15
// A token pops what its parent pops, and itself.
#include "ch01_tokenizer/homework/hw01.h"
#define match_links solved_match_links
#include "../solution.c"
#undef match_links

void match_links(const MatchTrie *trie, MatchLink *links) {
    links[WORD_ROOT].link = links[REST_ROOT].link = NO_NODE;
    for (int parent = 0; parent < match_nodes(trie); parent++)
        for (int byte = 0; byte < 256; byte++) {
            int node = match_step(trie, parent, (unsigned char)byte);
            if (node == NO_NODE) continue;
            MatchLink own = link_of(trie, links, parent, (unsigned char)byte, node);
            if (match_token(trie, node) != NO_TOKEN) {
                MatchLink more = {own.link, 0, NULL};
                add_pops(&more, &links[parent]), add_pops(&more, &own);
                free(own.pops);
                own = more;
            }
            links[node] = own;
        }
}
