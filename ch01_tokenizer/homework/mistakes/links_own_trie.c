// loses: 3, says: all tokens were cut off with the trie, keeps: 15
// Cuts every token off with the trie that the node is in.
#include "ch01_tokenizer/homework/hw01.h"
#define match_links solved_match_links
#include "../solution.c"
#undef match_links

// The longest token that begins text[0 .. n-1], below root; its length, 0: none.
static size_t cut(const MatchTrie *trie, int root, const unsigned char *text, size_t n,
                  int *token) {
    size_t longest = 0;
    int node = root;
    for (size_t i = 0; i < n; i++) {
        node = match_step(trie, node, text[i]);
        if (node == NO_NODE) break;
        if (match_token(trie, node) == NO_TOKEN) continue;
        longest = i + 1, *token = match_token(trie, node);
    }
    return longest;
}

static MatchLink link_of_text(const MatchTrie *trie, int root,
                              const unsigned char *text, size_t n) {
    MatchLink link = {NO_NODE, 0, allocate(n + 1, sizeof *link.pops)};
    for (size_t at = 0, length = 0; link.link == NO_NODE; at += length) {
        length = cut(trie, root, text + at, n - at, &link.pops[link.pop_count]);
        if (length == 0) {
            free(link.pops);
            return (MatchLink){NO_NODE, 0, NULL};
        }
        link.pop_count++, link.link = REST_ROOT;
        for (size_t i = at + length; i < n && link.link != NO_NODE; i++)
            link.link = match_step(trie, link.link, text[i]);
    }
    return link;
}

static void fill_below(const MatchTrie *trie, MatchLink *links, int root, int node,
                       unsigned char *text, size_t n) {
    if (n == 0) links[node].link = NO_NODE;
    else links[node] = link_of_text(trie, root, text, n);
    for (int byte = 0; byte < 256; byte++) {
        text[n] = (unsigned char)byte;
        int next = match_step(trie, node, text[n]);
        if (next != NO_NODE) fill_below(trie, links, root, next, text, n + 1);
    }
}

void match_links(const MatchTrie *trie, MatchLink *links) {
    unsigned char *text = allocate((size_t)match_nodes(trie), 1);
    fill_below(trie, links, WORD_ROOT, WORD_ROOT, text, 0);
    fill_below(trie, links, REST_ROOT, REST_ROOT, text, 0);
    free(text);
}
