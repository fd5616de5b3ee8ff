// loses: 3, says: right pops in the wrong order, keeps: 15
// What a link adds is put in front.
#include "ch01_tokenizer/homework/hw01.h"
#define match_links solved_match_links
#include "../solution.c"
#undef match_links

static void add_pops_here(MatchLink *to, const MatchLink *from) {
    size_t old = (size_t)to->pop_count, more = (size_t)from->pop_count;
    if (more == 0) return;
    to->pops = reallocate(to->pops, old + more, sizeof *to->pops);
    memmove(to->pops + more, to->pops, old * sizeof *to->pops);
    memcpy(to->pops, from->pops, more * sizeof *to->pops);
    to->pop_count += from->pop_count;
}

static MatchLink link_of_here(const MatchTrie *trie, const MatchLink *links, int parent,
                              unsigned char byte, int node) {
    int token = match_token(trie, node), next = NO_NODE;
    MatchLink link = {NO_NODE, 0, NULL};
    if (token != NO_TOKEN) {
        add_pops_here(&link, &(MatchLink){.pop_count = 1, .pops = &token});
        link.link = REST_ROOT;
        return link;
    }
    // Where the walk cannot pass `node`, do as at the parent, until the byte can be
    // read after all.
    int z = parent;
    do {
        add_pops_here(&link, &links[z]);
        z = links[z].link;
        if (z != NO_NODE) next = match_step(trie, z, byte);
    } while (z != NO_NODE && next == NO_NODE);
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
