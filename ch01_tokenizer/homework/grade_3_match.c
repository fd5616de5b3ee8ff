// Problem 3: WordPiece in linear time.
#include <assert.h>
#include <limits.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/homework/grade.h"
#include "common/error.h"

struct MatchTrie {
    int count, capacity;
    int (*next)[256];
    int *token;
    char (*text)[64];  // what leads to the node from its root
    int *root;
};

// Calls of match_step; at the limit the student's function is left, and where it asks
// for a step from nowhere.
static long steps, step_limit = LONG_MAX;
static bool from_nowhere;
static long twice;  // steps that were asked for twice in a row
static int last_node_asked = NO_NODE, last_byte_asked;
static jmp_buf leave;

static void leave_if_nowhere(int node) {
    if (node != NO_NODE) return;
    from_nowhere = true;
    longjmp(leave, 1);
}

int match_nodes(const MatchTrie *trie) { return trie->count; }

int match_step(const MatchTrie *trie, int node, unsigned char byte) {
    leave_if_nowhere(node);
    if (node < 0 || node >= trie->count) die("match_step: there is no node %d", node);
    if (++steps > step_limit) longjmp(leave, 1);
    twice += node == last_node_asked && byte == last_byte_asked;
    last_node_asked = node, last_byte_asked = byte;
    return trie->next[node][byte];
}

int match_token(const MatchTrie *trie, int node) {
    leave_if_nowhere(node);
    if (node < 0 || node >= trie->count) die("match_token: there is no node %d", node);
    return trie->token[node];
}

// Nodes in the order of their depth, both tries in turn. Token i is tokens[i], but for
// tokens[0], [UNK].
static MatchTrie match_trie_of(const char *const *tokens, int n) {
    Trie tries[2] = {0};
    size_t most = 2;
    // so that it has a root; a dead end
    for (int i = 0; i < 2; i++) trie_add(&tries[i], "\n", 1, 0);
    for (int i = 1; i < n; i++) {
        int rest = strncmp(tokens[i], "##", 2) == 0;
        trie_add(&tries[rest], tokens[i] + 2 * rest,
                 strlen(tokens[i]) - 2 * (size_t)rest, i);
    }
    most = tries[0].count + tries[1].count;
    MatchTrie trie = {.count = 2,
                      .next = allocate(most, sizeof *trie.next),
                      .token = allocate(most, sizeof(int)),
                      .text = allocate(most, sizeof *trie.text),
                      .root = allocate(most, sizeof(int))};
    int *old = allocate(most, sizeof *old);
    trie.root[REST_ROOT] = REST_ROOT;
    for (int node = 0; node < trie.count; node++) {
        const TrieNode *from = &tries[trie.root[node]].nodes[old[node]];
        trie.token[node] = node < 2 ? NO_TOKEN : from->token;
        size_t depth = strlen(trie.text[node]);
        assert(depth + 1 < sizeof trie.text[node]);
        for (int byte = 0; byte < 256; byte++) {
            trie.next[node][byte] = NO_NODE;
            if (!from->next[byte] || byte == '\n') continue;
            int child = trie.next[node][byte] = trie.count++;
            old[child] = from->next[byte];
            trie.root[child] = trie.root[node];
            memcpy(trie.text[child], trie.text[node], depth);
            trie.text[child][depth] = (char)byte;
        }
    }
    free(old), trie_free(&tries[0]), trie_free(&tries[1]);
    return trie;
}

// The longest token that begins text[0 .. n-1], or the shortest, and its length;
// NO_TOKEN if none.
static int token_of(const MatchTrie *trie, int root, const char *text, size_t n,
                    size_t *length, bool shortest) {
    int node = root, token = NO_TOKEN;
    for (size_t i = 0;
         i < n && (node = trie->next[node][(unsigned char)text[i]]) != NO_NODE; i++)
        if (trie->token[node] != NO_TOKEN && !(shortest && token != NO_TOKEN))
            token = trie->token[node], *length = i + 1;
    return token;
}

static int longest(const MatchTrie *trie, int root, const char *text, size_t n,
                   size_t *length) {
    return token_of(trie, root, text, n, length, false);
}

static int node_at(const MatchTrie *trie, int node, const char *text, size_t n) {
    for (size_t i = 0; i < n && node != NO_NODE; i++)
        node = trie->next[node][(unsigned char)text[i]];
    return node;
}

// By definition: cut longest tokens off, at least one, until the rest is a node at
// REST_ROOT; or with a slip.
typedef enum {
    CUT_RIGHT,
    CUT_OWN,       // all of them from the node's own trie
    CUT_SHORTEST,  // the shortest tokens
} Cut;

static MatchLink link_by_cuts(const MatchTrie *trie, int node, Cut cut) {
    const char *text = trie->text[node];
    size_t n = strlen(text), length = 0;
    MatchLink link = {NO_NODE, 0, allocate(n + 1, sizeof(int))};
    for (int root = trie->root[node]; n > 0 && link.link == NO_NODE;
         root = cut == CUT_OWN ? root : REST_ROOT) {
        int token = token_of(trie, root, text, n, &length, cut == CUT_SHORTEST);
        if (token == NO_TOKEN) break;
        link.pops[link.pop_count++] = token;
        text += length, n -= length;
        link.link = node_at(trie, REST_ROOT, text, n);
    }
    if (link.link == NO_NODE) link.pop_count = 0;
    return link;
}

static MatchLink defined_link(const MatchTrie *trie, int node) {
    return link_by_cuts(trie, node, CUT_RIGHT);
}

static MatchLink *defined_links(const MatchTrie *trie) {
    MatchLink *links = allocate((size_t)trie->count, sizeof *links);
    for (int node = 0; node < trie->count; node++)
        links[node] = defined_link(trie, node);
    return links;
}

// By definition: the longest token, and again. first: the root where a word begins.
static size_t defined_encode(const MatchTrie *trie, int first, const char *word,
                             size_t n, int *tokens) {
    size_t count = 0, length = 0;
    for (size_t i = 0; i < n; i += length) {
        tokens[count] = longest(trie, i ? REST_ROOT : first, word + i, n - i, &length);
        if (tokens[count++] != NO_TOKEN) continue;
        tokens[0] = UNKNOWN_TOKEN;
        return 1;
    }
    return count;
}

// The walk that goes on with the next byte after pops, as if the link had read the one
// that led to them.
static size_t skipping_encode(const MatchTrie *trie, const MatchLink *links,
                              const char *word, size_t n, int *tokens) {
    size_t count = 0;
    int node = WORD_ROOT;
    for (size_t i = 0; i < n || node > REST_ROOT; i++) {
        int next = i < n ? trie->next[node][(unsigned char)word[i]] : NO_NODE;
        const MatchLink *link = &links[node];
        for (int k = 0; next == NO_NODE && k < link->pop_count; k++)
            tokens[count++] = link->pops[k];
        node = next != NO_NODE ? next : link->link;
        if (node != NO_NODE) continue;
        tokens[0] = UNKNOWN_TOKEN;
        return 1;
    }
    return count;
}

// The walk that takes one link where it is stuck, and gives up if that does not help.
static size_t one_link_encode(const MatchTrie *trie, const MatchLink *links,
                              const char *word, size_t n, int *tokens) {
    size_t count = 0;
    int node = WORD_ROOT;
    for (size_t i = 0; node != NO_NODE && i < n; i++) {
        int next = trie->next[node][(unsigned char)word[i]];
        const MatchLink *link = &links[node];
        for (int k = 0; next == NO_NODE && k < link->pop_count; k++)
            tokens[count++] = link->pops[k];
        if (next == NO_NODE && link->link != NO_NODE)
            next = trie->next[link->link][(unsigned char)word[i]];
        node = next;
    }
    while (node != NO_NODE && node != REST_ROOT && n > 0) {
        for (int k = 0; k < links[node].pop_count; k++)
            tokens[count++] = links[node].pops[k];
        node = links[node].link;
    }
    if (node != NO_NODE) return count;
    tokens[0] = UNKNOWN_TOKEN;
    return 1;
}

// Walks with a slip in them.
typedef enum {
    WALK_FIRST_POP,   // of a node's pops the first alone is written
    WALK_WORD_AGAIN,  // on from WORD_ROOT where a token has ended
    WALK_NO_LINK,     // on from REST_ROOT after pops, whatever the link
    WALK_EAGER,       // a token is cut off where the first one ends
    WALKS
} Walk;

static size_t walk_encode(Walk walk, const MatchTrie *trie, const MatchLink *links,
                          const char *word, size_t n, int *tokens) {
    size_t count = 0;
    int node = WORD_ROOT;
    for (size_t i = 0; i < n || node > REST_ROOT;) {
        int next = i < n ? trie->next[node][(unsigned char)word[i]] : NO_NODE;
        const MatchLink *link = &links[node];
        for (int k = 0; next == NO_NODE && k < link->pop_count; k++)
            if (walk != WALK_FIRST_POP || k == 0) tokens[count++] = link->pops[k];
        i += next != NO_NODE;
        node = next != NO_NODE ? next : link->link;
        if (walk == WALK_WORD_AGAIN && node == REST_ROOT) node = WORD_ROOT;
        if (walk == WALK_NO_LINK && next == NO_NODE && node > REST_ROOT)
            node = REST_ROOT;
        if (walk == WALK_EAGER && node > REST_ROOT && trie->token[node] != NO_TOKEN)
            tokens[count++] = trie->token[node], node = REST_ROOT;
        if (node != NO_NODE) continue;
        tokens[0] = UNKNOWN_TOKEN;
        return 1;
    }
    return count;
}

// Where the walk is at the word's end, or NO_NODE if it gets stuck.
static int last_node(const MatchTrie *trie, const MatchLink *links, const char *word,
                     size_t n) {
    int node = WORD_ROOT;
    for (size_t i = 0; i < n && node != NO_NODE;) {
        int next = trie->next[node][(unsigned char)word[i]];
        node = next != NO_NODE ? next : links[node].link;
        i += next != NO_NODE;
    }
    return node;
}

// Song et al.'s own example, with a few words more.
static const char *const PAPER[] = {"[UNK]", "a",     "abcdx", "##b",
                                    "##c",   "##cdy", "##dz"};
static const char *const PAPER_WORDS[] = {"abcdz", "abcdx",     "a",
                                          "abc",   "abcdxcdyb", "acdycdydz"};
static const char *const STUCK_WORDS[] = {"abcdzq", "abcd", "z",  "ab c",
                                          "abcdxa", "bcdy", "acd"};

enum { RANDOM_TOKENS = 14, VOCABULARIES = 60 };

// Random tokens of a and b; the single letters are not always among them, so that words
// get stuck.
static MatchTrie random_trie(Rng *rng) {
    static char texts[RANDOM_TOKENS][16];
    const char *tokens[RANDOM_TOKENS] = {"[UNK]"};
    for (int i = 1; i < RANDOM_TOKENS; i++) {
        int rest = rng_below(rng, 3) > 0, size = 1 + rng_below(rng, 6);
        strcpy(texts[i], rest ? "##" : "");
        for (int k = 0; k < size; k++) texts[i][2 * rest + k] = "ab"[rng_below(rng, 2)];
        texts[i][2 * rest + size] = '\0';
        tokens[i] = texts[i];
    }
    return match_trie_of(tokens, RANDOM_TOKENS);
}

static void match_trie_free(MatchTrie *trie) {
    free(trie->next), free(trie->token), free(trie->text), free(trie->root);
}

// A node as a student would write it: ##cd.
static const char *node_name(const MatchTrie *trie, int node, char *to) {
    if (node < 0 || node >= trie->count)
        sprintf(to, node == NO_NODE ? "NO_NODE" : "no node at all");
    else if (node < 2) sprintf(to, node == WORD_ROOT ? "WORD_ROOT" : "REST_ROOT");
    else
        sprintf(to, "%s%s", trie->root[node] == REST_ROOT ? "##" : "",
                trie->text[node]);
    return to;
}

static bool good_pops(const MatchLink *got, const MatchLink *want) {
    if (got->pop_count != want->pop_count || (got->pop_count > 0 && !got->pops))
        return false;
    return same_ints(got->pops, (size_t)got->pop_count, want->pops,
                     (size_t)want->pop_count);
}

// The first node whose link differs, or NO_NODE.
static int wrong_link(const MatchTrie *trie, const MatchLink *got,
                      const MatchLink *want) {
    for (int node = 0; node < trie->count; node++)
        if (got[node].link != want[node].link || !good_pops(&got[node], &want[node]))
            return node;
    return NO_NODE;
}

typedef struct {
    char text[48];
} Should;

static Should should_be(int got, int want) {
    Should s = {", but not the right ones"};
    if (got != want) snprintf(s.text, sizeof s.text, ", should be %d", want);
    return s;
}

static void expect_links(Grade *g, int points, const MatchTrie *trie,
                         const MatchLink *got, const MatchLink *want) {
    char name[80], is[80], should[80];
    int node = wrong_link(trie, got, want);
    if (node == NO_NODE) {
        grade_expect(g, points, true, "the links");
        return;
    }
    node_name(trie, node, name);
    node_name(trie, got[node].link, is), node_name(trie, want[node].link, should);
    if (got[node].link != want[node].link)
        grade_expect(g, points, false, "the link of %s leads to %s, should lead to %s",
                     name, is, should);
    else
        grade_expect(g, points, false, "the link of %s: %d pops%s", name,
                     got[node].pop_count,
                     should_be(got[node].pop_count, want[node].pop_count).text);
}

// match_links may take as many steps as it likes, but these vocabularies need a
// thousandth of this. False: it did not come to an end.
static bool run_links(const MatchTrie *trie, MatchLink *links) {
    enum { ENDLESS = 10000000 };
    steps = 0, step_limit = ENDLESS;
    from_nowhere = false;
    bool left = setjmp(leave) != 0;
    if (!left) match_links(trie, links);
    step_limit = LONG_MAX;
    return !left;
}

// What the wrong links of a trie have in common.
typedef struct {
    int whole, wrong_whole;  // nodes that are tokens themselves
    int given_up;            // NO_NODE where it goes on
    int left_over;           // pops though it goes nowhere
    int more_than_own;       // tokens with other pops before their own
    int cut_short;           // the right link, and only the first of its pops
    int below, untouched;    // nodes below REST_ROOT; of them {0}, as they came
    int wrong;
} LinkTally;

static bool is_cut_short(const MatchLink *got, const MatchLink *want) {
    return got->link == want->link && got->pop_count < want->pop_count
           && (got->pop_count == 0 || got->pops)
           && same_ints(got->pops, (size_t)got->pop_count, want->pops,
                        (size_t)got->pop_count);
}

static LinkTally tally_links(const MatchTrie *trie, const MatchLink *got,
                             const MatchLink *want) {
    LinkTally t = {0};
    for (int node = 0; node < trie->count; node++) {
        bool wrong =
            got[node].link != want[node].link || !good_pops(&got[node], &want[node]);
        bool nowhere = got[node].link == NO_NODE;
        t.cut_short += is_cut_short(&got[node], &want[node]);
        bool below = node > REST_ROOT && trie->root[node] == REST_ROOT;
        t.below += below;
        t.untouched += below && got[node].link == WORD_ROOT && got[node].pop_count == 0;
        t.whole += trie->token[node] != NO_TOKEN;
        t.wrong_whole += wrong && trie->token[node] != NO_TOKEN;
        t.given_up += nowhere && want[node].link != NO_NODE;
        t.left_over += wrong && nowhere && want[node].link == NO_NODE;
        const MatchLink *link = &got[node];
        t.more_than_own += trie->token[node] != NO_TOKEN && link->pop_count > 1
                           && link->pops
                           && link->pops[link->pop_count - 1] == trie->token[node];
        t.wrong += wrong;
    }
    return t;
}

// The byte by which a node is reached.
static unsigned char last_byte(const MatchTrie *trie, int node) {
    return (unsigned char)trie->text[node][strlen(trie->text[node]) - 1];
}

static bool as_it_came(const MatchLink *link) {
    return link->link == WORD_ROOT && link->pop_count == 0 && !link->pops;
}

// The first node that is wrong, if it holds {0} still; else NO_NODE.
static int not_filled(const MatchTrie *trie, const MatchLink *got,
                      const MatchLink *want) {
    int node = wrong_link(trie, got, want);
    return node > REST_ROOT && as_it_came(&got[node]) ? node : NO_NODE;
}

// bytes: the vocabulary of letters is right.
static void recognise_not_filled(Grade *g, const MatchTrie *trie, const MatchLink *got,
                                 const MatchLink *want, bool bytes) {
    int node = not_filled(trie, got, want);
    if (node == NO_NODE) return;
    char name[80];
    node_name(trie, node, name);
    unsigned last = last_byte(trie, node);
    grade_mistake(
        g, bytes, "high-bytes",
        "the link of a node that is reached by the byte %02X is as it came: a "
        "node may have a child by each of the 256 bytes",
        last);
    grade_mistake(g, want[node].link == NO_NODE, "nowhere-not-said",
                  "the link of %s is as it came, zeroed, which is WORD_ROOT: a node "
                  "that leads nowhere has NO_NODE",
                  name);
    grade_mistake(g, true, "not-filled",
                  "the link of %s is as it came: every node but the roots gets one, "
                  "and is the child of another one, or of a root",
                  name);
}

static bool same_turned(const MatchLink *a, const MatchLink *b) {
    if (a->pop_count != b->pop_count || a->pop_count < 2 || !a->pops) return false;
    for (int i = 0; i < a->pop_count; i++)
        if (a->pops[i] != b->pops[b->pop_count - 1 - i]) return false;
    return true;
}

// Slips in the way along the links, which all wrong nodes show.
static void recognise_way(Grade *g, const MatchTrie *trie, const MatchLink *got,
                          const MatchLink *want) {
    bool itself = true, stays = true, turned = false, others = false, same = true;
    int first = NO_NODE;
    for (int node = REST_ROOT + 1; node < trie->count; node++) {
        int link = got[node].link;
        if (link == want[node].link && good_pops(&got[node], &want[node])) continue;
        bool here = link == want[node].link && same_turned(&got[node], &want[node]);
        itself = itself && link == node;
        int next = link >= 0 && link < trie->count
                       ? trie->next[link][last_byte(trie, node)]
                       : NO_NODE;
        stays = stays && next != NO_NODE && (others || next == want[node].link);
        turned |= here, others |= !here;
        same = same && link == want[node].link
               && got[node].pop_count == want[node].pop_count;
        if (first == NO_NODE) first = node;
    }
    if (first == NO_NODE) return;
    grade_mistake(g, want[first].link == NO_NODE && got[first].link == REST_ROOT,
                  "rest-for-nowhere",
                  "a node from whose string no token can be cut off leads nowhere: "
                  "NO_NODE, not REST_ROOT");
    grade_mistake(
        g, same && others, "pops-overwritten",
        "as many pops as there should be, but not the right ones: what a link "
        "adds goes behind those that are there");
    grade_mistake(g, itself, "link-itself",
                  "links lead to their own nodes: the walk to a node's link begins at "
                  "the link of its parent, not at the parent");
    grade_mistake(g, stays && !itself, "link-before-byte",
                  "the link is the node that can read the last byte: it is that node's "
                  "child by this byte");
    grade_mistake(g, turned && !others, "pops-turned",
                  "the right pops in the wrong order: what the parent pops is first, "
                  "then what each link that is followed pops");
}

// Every node has what cutting tokens off in this way gives.
static bool all_by(Cut cut, const MatchTrie *trie, const MatchLink *got,
                   const MatchLink *want) {
    if (wrong_link(trie, got, want) == NO_NODE) return false;
    for (int node = 0; node < trie->count; node++) {
        MatchLink slip = link_by_cuts(trie, node, cut);
        if (got[node].link != slip.link || !good_pops(&got[node], &slip)) return false;
    }
    return true;
}

// So too where a word may begin with the later tokens: there it is seen which of the
// two tokens it was.
static bool cut_from_own(const MatchTrie *trie, const MatchLink *got,
                         const MatchLink *want) {
    static const char *const tokens[] = {"[UNK]", "a", "b", "c", "##b", "##c", "abcx"};
    if (!all_by(CUT_OWN, trie, got, want)) return false;
    MatchTrie both = match_trie_of(tokens, sizeof tokens / sizeof *tokens);
    MatchLink *links = allocate((size_t)both.count, sizeof *links);
    return run_links(&both, links)
           && all_by(CUT_OWN, &both, links, defined_links(&both));
}

// Of the nodes that were given up, none could have gone on from the link of its parent;
// but for those whose parent was given up itself.
static bool one_link_only(const MatchTrie *trie, const MatchLink *got,
                          const MatchLink *want) {
    for (int node = REST_ROOT + 1; node < trie->count; node++) {
        if (got[node].link != NO_NODE || want[node].link == NO_NODE) continue;
        size_t n = strlen(trie->text[node]) - 1;
        int parent = node_at(trie, trie->root[node], trie->text[node], n);
        int from = got[parent].link;
        if (from >= 0 && from < trie->count
            && trie->next[from][last_byte(trie, node)] != NO_NODE)
            return false;
    }
    return true;
}

static void recognise_links(Grade *g, const MatchTrie *trie, const MatchLink *got,
                            const MatchLink *want) {
    grade_mistake(
        g, cut_from_own(trie, got, want), "link-own-trie",
        "all tokens were cut off with the trie that the node is in: the first "
        "may begin a word, those after it are from REST_ROOT, the ## tokens");
    grade_mistake(g, all_by(CUT_SHORTEST, trie, got, want), "link-shortest",
                  "the shortest token was cut off where a longer one begins the string "
                  "too: the longest counts, as in all of longest match");
    recognise_way(g, trie, got, want);
    LinkTally t = tally_links(trie, got, want);
    grade_mistake(g, t.whole > 0 && t.wrong_whole == t.whole, "link-own-token",
                  "a node that is a token itself is cut off whole: that token is its "
                  "one pop, and its link is REST_ROOT");
    grade_mistake(
        g, t.more_than_own > 0 && t.more_than_own == t.wrong_whole, "link-own-and-more",
        "a node that is a token itself has that token as its one pop: what its "
        "parent pops is part of it");
    bool given_up = t.wrong_whole == 0 && t.given_up > 0 && t.given_up == t.wrong;
    grade_mistake(g, given_up && one_link_only(trie, got, want), "link-given-up",
                  "given up too early: where the link cannot read the byte either, pop "
                  "what it pops and try from its own link, until one can or there is "
                  "none");
    grade_mistake(
        g, t.cut_short > 0 && t.cut_short == t.wrong, "link-pops-missing",
        "the links are right, but pops are missing: each link that is followed on "
        "the way adds its own");
    grade_mistake(g, t.left_over > 0 && t.left_over == t.wrong, "link-left-over",
                  "a node that leads nowhere has no pops: those gathered on the way "
                  "are void");
}

static void recognise_no_end(Grade *g) {
    grade_mistake(g, from_nowhere, "step-from-nowhere",
                  "a step from NO_NODE was asked for: a link may lead nowhere, so look "
                  "at it before a step from it");
    grade_mistake(g, !from_nowhere, "links-endless",
                  "it does not come to an end: each link that is followed leads to a "
                  "shorter string, never to the node itself, and NO_NODE ends the way");
}

static void recognise_roots(Grade *g, const MatchLink *got) {
    grade_mistake(
        g, got[WORD_ROOT].link == WORD_ROOT || got[REST_ROOT].link == WORD_ROOT,
        "root-link",
        "the roots lead nowhere, and their link is NO_NODE: what comes zeroed "
        "says WORD_ROOT, and from there a search for a link goes round in "
        "circles");
}

// Two nodes with one array: their caller would free it twice.
static void expect_own_pops(Grade *g, const MatchTrie *trie, const MatchLink *links) {
    char one[80], other[80];
    for (int a = 0; a < trie->count; a++)
        for (int b = 0; b < a; b++) {
            if (!links[a].pops || links[a].pops != links[b].pops) continue;
            grade_mistake(
                g, true, "pops-shared",
                "two nodes share one array of pops: each has its own, a copy, since "
                "its caller frees them one by one and the other's may still grow");
            node_name(trie, b, one), node_name(trie, a, other);
            grade_expect(g, 0, false, "the pops of %s and of %s have one address", one,
                         other);
            return;
        }
}

static void recognise_targets(Grade *g, const MatchTrie *trie, const MatchLink *got,
                              const MatchLink *want) {
    bool to_word = false, no_pops = false;
    for (int node = 0; node < trie->count; node++) {
        to_word |= got[node].link == WORD_ROOT && want[node].link == REST_ROOT;
        no_pops |= got[node].link == want[node].link && want[node].pop_count > 0
                   && got[node].pop_count == 0;
    }
    LinkTally t = tally_links(trie, got, want);
    grade_mistake(
        g, t.untouched > 0 && t.untouched == t.below, "rest-not-filled",
        "the links of the nodes below REST_ROOT are as they came: both tries are "
        "walked, from each root");
    if (to_word) recognise_not_filled(g, trie, got, want, false);
    grade_mistake(g, to_word, "link-word-root",
                  "a link leads to WORD_ROOT: what follows a token inside a word "
                  "begins at REST_ROOT");
    grade_mistake(
        g, no_pops, "link-no-pops",
        "a link without pops: going on from it would lose the tokens before it");
}

// Tokens with bytes that are no letters.
static bool reads_bytes(Grade *g) {
    static const char *const tokens[] = {"[UNK]",  "\xC3\xA9t",      "a",     "##\xC3",
                                         "##\xA9", "##\xFF\x01\xFF", "0\xFF", "a01"};
    MatchTrie trie = match_trie_of(tokens, sizeof tokens / sizeof *tokens);
    MatchLink *got = allocate((size_t)trie.count, sizeof *got),
              *want = defined_links(&trie);
    if (!run_links(&trie, got)) return true;
    if (wrong_link(&trie, got, want) == NO_NODE) return true;
    recognise_not_filled(g, &trie, got, want, true);
    recognise_links(g, &trie, got, want);
    expect_links(g, 4, &trie, got, want);
    return false;
}

// ---- What all wrong links have in common, where others are right

static bool below_word_root(const MatchTrie *trie, const MatchLink *want, int node) {
    (void)want;
    return trie->root[node] == WORD_ROOT;
}
static bool below_rest_root(const MatchTrie *trie, const MatchLink *want, int node) {
    return !below_word_root(trie, want, node);
}
static bool is_no_token(const MatchTrie *trie, const MatchLink *want, int node) {
    (void)want;
    return trie->token[node] == NO_TOKEN;
}
static bool is_token(const MatchTrie *trie, const MatchLink *want, int node) {
    return !is_no_token(trie, want, node);
}
static bool goes_on(const MatchTrie *trie, const MatchLink *want, int node) {
    (void)trie;
    return want[node].link != NO_NODE;
}
static bool goes_nowhere(const MatchTrie *trie, const MatchLink *want, int node) {
    return !goes_on(trie, want, node);
}
static bool has_pops(const MatchTrie *trie, const MatchLink *want, int node) {
    (void)trie;
    return want[node].pop_count > 1;
}
static bool has_rest(const MatchTrie *trie, const MatchLink *want, int node) {
    (void)trie;
    return want[node].link > REST_ROOT;
}
static bool is_deep(const MatchTrie *trie, const MatchLink *want, int node) {
    (void)want;
    return strlen(trie->text[node]) > 1;
}

static const struct {
    bool (*wrong_ones)(const MatchTrie *, const MatchLink *, int node);
    const char *code, *says;
} LINK_KINDS[] = {
    {is_token, "only-no-tokens",
     "right where the node is no token itself: one that is has that token as its one "
     "pop, and REST_ROOT as its link"},
    {goes_nowhere, "only-going-on",
     "right where a link goes on, wrong where it should be NO_NODE: what is done when "
     "no "
     "token can be cut off?"},
    {has_pops, "only-one-pop",
     "right where at most one token is cut off: the second is cut off what the first "
     "left, from REST_ROOT, and its pops come behind"},
    {has_rest, "only-without-rest",
     "right where nothing is left after the pops: what is left is to be the string of "
     "a "
     "node at REST_ROOT, and that node is the link"},
    {below_word_root, "only-rest-root",
     "right where nodes are below REST_ROOT, wrong below WORD_ROOT: which trie is the "
     "first token cut off from, and which all others?"},
    {below_rest_root, "only-word-root",
     "right where nodes are below WORD_ROOT, wrong below REST_ROOT: which trie is the "
     "first token cut off from?"},
    {goes_on, "only-nowhere",
     "right where a link leads nowhere, wrong where it goes on: what is it that is cut "
     "off, and which node is what is left?"},
    {is_no_token, "only-tokens",
     "right where a node is a token, wrong where it is none: there do as at the "
     "parent, "
     "pops and all, and then read the byte"},
    {is_deep, "only-one-byte",
     "right where a node is one byte below its root, wrong deeper: is its parent's "
     "link "
     "done before its own?"},
};

static void contrast_links(Grade *g, const MatchTrie *trie, const MatchLink *got,
                           const MatchLink *want) {
    if (wrong_link(trie, got, want) == NO_NODE) return;
    for (size_t i = 0; i < sizeof LINK_KINDS / sizeof *LINK_KINDS; i++) {
        bool all = true, others = false;
        for (int node = REST_ROOT + 1; node < trie->count; node++) {
            bool kind = LINK_KINDS[i].wrong_ones(trie, want, node),
                 wrong = got[node].link != want[node].link
                         || !good_pops(&got[node], &want[node]);
            all = all && (kind || !wrong), others |= !kind;
        }
        grade_contrast(g, all && others, LINK_KINDS[i].code, "%s", LINK_KINDS[i].says);
    }
}

static void check_random_links(Grade *g) {
    Rng rng = rng_new(31);
    for (int i = 0;; i++) {
        MatchTrie trie = random_trie(&rng);
        MatchLink *got = allocate((size_t)trie.count, sizeof *got),
                  *want = defined_links(&trie);
        bool ended = run_links(&trie, got),
             last = !ended || i == VOCABULARIES - 1
                    || wrong_link(&trie, got, want) != NO_NODE;
        if (last) expect_own_pops(g, &trie, got);
        if (last) recognise_links(g, &trie, got, want);
        if (last) expect_links(g, 4, &trie, got, want);
        if (last) contrast_links(g, &trie, got, want);
        match_trie_free(&trie);
        if (last) return;
    }
}

static void check_links(Grade *g) {
    MatchTrie paper = match_trie_of(PAPER, sizeof PAPER / sizeof *PAPER);
    MatchLink *got = allocate((size_t)paper.count, sizeof *got),
              *want = defined_links(&paper);
    bool over = run_links(&paper, got);
    recognise_roots(g, got);
    if (!over) {
        recognise_no_end(g);
        grade_expect(g, 10, false, "match_links did not return: left after %ld steps",
                     steps);
        return;
    }
    recognise_targets(g, &paper, got, want);
    expect_own_pops(g, &paper, got);
    recognise_links(g, &paper, got, want);
    expect_links(g, 6, &paper, got, want);
    contrast_links(g, &paper, got, want);
    if (wrong_link(&paper, got, want) == NO_NODE && !reads_bytes(g)) return;
    check_random_links(g);
}

typedef struct {
    const MatchTrie *trie;
    const MatchLink *links;
    const char *word;
    size_t n, got_count, want_count;
    int *got, *want;
    bool as_rest;       // got is what a walk from REST_ROOT would give
    bool skips;         // got is what skipping_encode gives
    bool one_link;      // ... what one_link_encode gives
    bool walks[WALKS];  // ... or walk_encode
    bool inside;        // the word ends inside a longer token
    bool nowhere;       // it was left, since it asked for a step from NO_NODE
    long steps, again;
} Encoding;

// False: it asked for a step from nowhere.
static bool run_encode(Encoding *e, const char *word, size_t room) {
    steps = 0, twice = 0, last_node_asked = NO_NODE, from_nowhere = false;
    bool left = setjmp(leave) != 0;
    if (!left) e->got_count = match_encode(e->trie, e->links, word, e->n, e->got);
    if (e->got_count > room) e->got_count = 0;
    e->steps = steps, e->again = twice;
    return !left;
}

static Encoding encode_word(const MatchTrie *trie, const MatchLink *links,
                            const char *word, size_t n) {
    Encoding e = {.trie = trie, .links = links, .word = word, .n = n};
    size_t room = 4 * n + 64;
    e.got = allocate(room, sizeof *e.got), e.want = allocate(room, sizeof *e.want);
    size_t rest_count = defined_encode(trie, REST_ROOT, word, n, e.want);
    e.nowhere = !run_encode(&e, grade_guarded("word", word, n), room);
    e.as_rest = same_ints(e.got, e.got_count, e.want, rest_count);
    size_t count = skipping_encode(trie, links, word, n, e.want);
    e.skips = same_ints(e.got, e.got_count, e.want, count);
    count = one_link_encode(trie, links, word, n, e.want);
    e.one_link = same_ints(e.got, e.got_count, e.want, count);
    for (Walk walk = 0; walk < WALKS; walk++) {
        count = walk_encode(walk, trie, links, word, n, e.want);
        e.walks[walk] = same_ints(e.got, e.got_count, e.want, count);
    }
    int last = last_node(trie, links, word, n);
    e.inside = last != NO_NODE && trie->token[last] == NO_TOKEN;
    e.want_count = defined_encode(trie, WORD_ROOT, word, n, e.want);
    return e;
}

static bool good_encoding(const Encoding *e) {
    return same_ints(e->got, e->got_count, e->want, e->want_count);
}

static bool is_unknown(const int *tokens, size_t count) {
    return count == 1 && tokens[0] == UNKNOWN_TOKEN;
}

// A word that gets stuck, of which something is left beside [UNK].
static bool partly_unknown(const Encoding *e) {
    return e->n > 0 && is_unknown(e->want, e->want_count)
           && !is_unknown(e->got, e->got_count);
}

// What the walk still held at the word's end is missing.
static bool end_missing(const Encoding *e) {
    return !is_unknown(e->want, e->want_count) && e->got_count < e->want_count
           && same_ints(e->got, e->got_count, e->want, e->got_count);
}

// A segmentation exists, but the word ended inside a longer token.
static bool end_unknown(const Encoding *e) {
    return e->inside && e->n > 0 && !is_unknown(e->want, e->want_count)
           && is_unknown(e->got, e->got_count);
}

// All of some words, so that a mistake shows by what it does to each kind.
typedef struct {
    int wrong, partly, unnoticed, missing, unknown;  // how many
    int nothing, no_token;                  // for a stuck word: no token, or NO_TOKEN
    int not_rest, not_skips, not_one_link;  // of all words: not as these give them
    int not_walks[WALKS], not_unknown;
    int tokens, wrong_tokens;  // words that are one token: all, wrong ones
    int first_known;           // wrong ones whose first token is right
    bool nowhere;
    Encoding first;  // of the wrong ones
} Tally;

static void tally(Tally *t, Encoding e) {
    t->not_rest += !e.as_rest, t->not_skips += !e.skips;
    t->not_one_link += !e.one_link;
    for (Walk walk = 0; walk < WALKS; walk++) t->not_walks[walk] += !e.walks[walk];
    t->not_unknown += e.n > 0 && !is_unknown(e.got, e.got_count);
    t->nowhere |= e.nowhere;
    bool token = e.want_count == 1 && e.want[0] != UNKNOWN_TOKEN;
    t->tokens += token, t->wrong_tokens += token && !good_encoding(&e);
    if (good_encoding(&e)) return;
    t->first_known += e.want_count > 1 && e.got_count > 0 && e.got[0] == e.want[0];
    if (t->wrong++ == 0) t->first = e;
    t->partly += partly_unknown(&e);
    t->nothing += partly_unknown(&e) && e.got_count == 0;
    t->no_token += partly_unknown(&e) && e.got_count == 1 && e.got[0] == NO_TOKEN;
    t->unnoticed += partly_unknown(&e) && !holds(e.got, e.got_count, UNKNOWN_TOKEN);
    t->missing += end_missing(&e);
    t->unknown += end_unknown(&e);
}

static void expect_words(Grade *g, int points, const char *what, const Tally *t) {
    const Encoding *e = &t->first;
    const char *kind = is_unknown(e->want, e->want_count) ? " ([UNK])" : "";
    grade_expect(g, points, t->wrong == 0,
                 "%s: \"%.40s\": %zu of them%s%s (wrong words: %d)", what,
                 e->word ? e->word : "", e->got_count,
                 should_be((int)e->got_count, (int)e->want_count).text, kind, t->wrong);
    grade_contrast(
        g, t->tokens > 0 && t->wrong_tokens == 0, "only-one-token",
        "right where a word is one token%s: where a byte cannot be read, write "
        "the pops of the node, go to its link, and try the same byte again",
        t->first_known == t->wrong ? ", and in the first token of all others" : "");
}

// Words of random vocabularies, up to the first that has a wrong one.
static Tally encode_random(void) {
    Tally random = {0};
    Rng rng = rng_new(32);
    for (int i = 0; i < VOCABULARIES && random.wrong == 0; i++) {
        MatchTrie *trie = allocate(1, sizeof *trie);
        *trie = random_trie(&rng);
        const MatchLink *random_links = defined_links(trie);
        for (int w = 0; w < 40; w++) {
            size_t n = (size_t)rng_below(&rng, 24);
            char *word = allocate(n + 1, 1);
            for (size_t k = 0; k < n; k++) word[k] = "ab"[rng_below(&rng, 2)];
            tally(&random, encode_word(trie, random_links, word, n));
        }
    }
    return random;
}

static const struct {
    const char *code, *says;
} WALK_SLIPS[WALKS] = {
    [WALK_FIRST_POP] = {"first-pop",
                        "of a node's pops one was written: all of them, pop_count"},
    [WALK_WORD_AGAIN] = {"word-root-again",
                         "after a token the walk went on from WORD_ROOT: inside a word "
                         "it goes on from the link, REST_ROOT or below"},
    [WALK_NO_LINK] = {"link-not-followed",
                      "after the pops the walk went on from REST_ROOT: it goes on from "
                      "the link, where what was read already is known"},
    [WALK_EAGER] = {"eager",
                    "a token was cut off as soon as one ended: the longest one counts, "
                    "so the walk goes on as far as it can, and then pops"},
};

// Slips in the walk of all words.
static void recognise_pops(Grade *g, const Tally *known, const Tally *stuck) {
    if (known->wrong == 0) return;
    grade_mistake(g, known->nowhere, "step-from-nowhere",
                  "a step from NO_NODE was asked for: where a link leads nowhere the "
                  "word is stuck, and is [UNK]");
    grade_mistake(g, known->not_unknown + stuck->not_unknown == 0, "all-unknown",
                  "every word became [UNK]: a walk that is at REST_ROOT when the word "
                  "is over has arrived, though from there no link leads on");
    for (Walk walk = 0; walk < WALKS; walk++)
        grade_mistake(g, known->not_walks[walk] == 0, WALK_SLIPS[walk].code, "%s",
                      WALK_SLIPS[walk].says);
}

static void recognise_stuck(Grade *g, const Tally *stuck) {
    if (stuck->wrong == 0) return;
    grade_mistake(g, stuck->nothing == stuck->wrong, "stuck-nothing",
                  "a word that gets stuck has no tokens here: it is one [UNK]");
    grade_mistake(g, stuck->no_token == stuck->wrong, "stuck-no-token",
                  "NO_TOKEN was written for a word that gets stuck: its token is "
                  "UNKNOWN_TOKEN");
    grade_mistake(g, stuck->nowhere, "step-from-nowhere",
                  "a step from NO_NODE was asked for: where a link leads nowhere the "
                  "word is stuck, and is [UNK]");
}

static void recognise_walk(Grade *g, const Tally *known, const Tally *stuck) {
    recognise_pops(g, known, stuck);
    grade_mistake(
        g, known->wrong > 0 && known->not_rest == 0, "begins-at-rest-root",
        "the walk begins at REST_ROOT: what begins a word hangs at WORD_ROOT");
    grade_mistake(g, known->wrong > 0 && known->not_skips == 0, "byte-lost",
                  "a byte is lost after the pops: it could not be read where the walk "
                  "was, and is to be read again from the link");
    grade_mistake(
        g, known->wrong > 0 && known->not_one_link == 0, "one-link",
        "given up too early: where the link cannot read the byte either, write "
        "its pops too and go on from its own link, as often as it takes");
    grade_mistake(g, known->missing > 0 && known->missing == known->wrong,
                  "end-missing",
                  "the end-of-word trap: the tokens the walk still holds at the word's "
                  "end are missing");
    grade_mistake(
        g, known->unknown > 0 && known->unknown == known->wrong, "end-unknown",
        "the end-of-word trap: a word that ends inside a longer token is not lost yet");
    grade_mistake(g, known->wrong == 1 && known->first.n == 0, "empty-unknown",
                  "the empty word has no tokens: it ends at WORD_ROOT, and is not "
                  "stuck");
}

static void check_encode(Grade *g) {
    MatchTrie paper = match_trie_of(PAPER, sizeof PAPER / sizeof *PAPER);
    MatchLink *links = defined_links(&paper);
    Tally known = {0}, stuck = {0};
    for (size_t i = 0; i < sizeof PAPER_WORDS / sizeof *PAPER_WORDS; i++)
        tally(&known,
              encode_word(&paper, links, PAPER_WORDS[i], strlen(PAPER_WORDS[i])));
    tally(&known, encode_word(&paper, links, "", 0));
    for (size_t i = 0; i < sizeof STUCK_WORDS / sizeof *STUCK_WORDS; i++)
        tally(&stuck,
              encode_word(&paper, links, STUCK_WORDS[i], strlen(STUCK_WORDS[i])));
    recognise_walk(g, &known, &stuck);
    expect_words(g, 4, "tokens of the paper's vocabulary", &known);

    recognise_stuck(g, &stuck);
    grade_mistake(
        g, stuck.unnoticed > 0 && stuck.unnoticed == stuck.wrong, "stuck-unnoticed",
        "of a word that gets stuck the tokens before that place were left: it is "
        "one [UNK], also if it gets stuck at its very end");
    grade_mistake(
        g, stuck.partly > 0 && stuck.partly == stuck.wrong, "part-unknown",
        "only the part where it got stuck became [UNK]: the whole word is one [UNK]");
    expect_words(g, 3, "tokens of a word that gets stuck", &stuck);

    Tally random = encode_random();
    expect_words(g, 3, "tokens of a random vocabulary", &random);
}

// a a a ... with a token a^40 b: from every place the walk goes 40 deep in vain, if it
// starts there.
static void check_linear(Grade *g) {
    enum { DEEP = 40, LONG = 20000 };
    char long_token[DEEP + 2] = "", long_rest[DEEP + 4] = "##";
    memset(long_token, 'a', DEEP), memset(long_rest + 2, 'a', DEEP);
    long_token[DEEP] = long_rest[DEEP + 2] = 'b';
    const char *const tokens[] = {"[UNK]", "a", "##a", "##aa", long_token, long_rest};
    MatchTrie trie = match_trie_of(tokens, 6);
    MatchLink *links = defined_links(&trie);
    char *word = allocate(LONG + 1, 1);
    memset(word, 'a', LONG);
    Tally t = {0};
    long most = 0, again = 0;
    for (int stuck = 0; stuck < 2; stuck++) {
        if (stuck) word[LONG - 1] = '?';
        Encoding e = encode_word(&trie, links, word, LONG);
        tally(&t, e);
        if (e.steps > most) most = e.steps, again = e.again;
    }
    bool slow = t.wrong == 0 && most > 2 * LONG + 1;
    grade_mistake(
        g, slow && again > LONG / 2 && most - again <= 2 * LONG + 1, "asks-twice",
        "%ld steps for %d bytes, allowed are 2n + 1: many were asked for twice, "
        "once to see whether there is one and once to take it. Keep the answer",
        most, LONG);
    grade_mistake(g, slow, "reads-again",
                  "%ld steps for %d bytes, allowed are 2n + 1: bytes were read again "
                  "after a token",
                  most, LONG);
    grade_expect(g, 5, t.wrong == 0 && most <= 2 * LONG + 1,
                 "a word of %d times a, the last a '?' or not: %s", LONG,
                 t.wrong ? "the wrong tokens" : "too many steps");
    Encoding little = encode_word(&trie, links, word, DEEP);
    grade_contrast(g, t.wrong > 0 && good_encoding(&little), "only-short-words",
                   "right where the word has %d letters: does something have a fixed "
                   "size, or is a count too small a type?",
                   DEEP);
}

void check_match(Grade *g) {
    grade_part(g, check_links(g));
    grade_part(g, check_encode(g));
    grade_part(g, check_linear(g));
}
