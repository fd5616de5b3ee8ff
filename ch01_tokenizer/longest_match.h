// Longest match: segment a text with a vocabulary that is given. Lecture, section 1.3.
//
//     while text is left: cut off the longest prefix that is a token            (MaxMatch; greedy)
//
// Two ways to find that prefix, with the same result:
//
//     scan    ask the dictionary for the whole rest, then for ever shorter prefixes:
//             rest - length + 1 look-ups per token, and each reads the prefix it asks for
//     trie    walk the trie of all tokens once from its root, byte by byte, and remember the last token
//             passed: at most 1 + (length of the longest token) steps per token, whatever the rest
//
//         vocabulary  a  ab  abcd            (root) -a-> [a] -b-> [ab] -c-> ( ) -d-> [abcd]
//         text        a b c e                walk a, b, c, stop at e; the last token passed was ab
//
// Greedy is not shortest: fewest_tokens finds the segmentation with the fewest tokens
// (dynamic programming,
// from the end of the text).  fewest[i] = 1 + min over tokens t that begin at i of fewest[i + |t|]
// Theorem: where every suffix of a token is a token too, greedy longest match *is*
// shortest.
//
// Palmer, "A trainable rule-based algorithm for word segmentation" (1997), for
// MaxMatch; Fredkin, "Trie memory" (1960); Cohn and Khazan, "Parsing with suffix and
// prefix dictionaries" (1996), for the theorem.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { NO_TOKEN = -1, TRIE_ROOT = 0 };
#define NO_SEGMENTATION ((size_t)-1)

// A node holds where each byte leads: 1 KB per node buys one array access per byte.
typedef struct {
    int32_t next[256];  // 0: nowhere (nothing leads back to the root)
    int token;          // the token that ends here, or NO_TOKEN
} TrieNode;

// A set of byte strings with a number each. {0} is the empty set. Freed by trie_free.
typedef struct {
    TrieNode *nodes;
    size_t count, capacity;
} Trie;

// Adds bytes[0 .. n-1], n >= 1, as `token` >= 0; a string that is there already gets
// the new number.
void trie_add(Trie *trie, const char *bytes, size_t n, int token);
void trie_free(Trie *trie);
// The token that bytes[0 .. n-1] is, or NO_TOKEN.
int trie_find(const Trie *trie, const char *bytes, size_t n);
// The node at the end of bytes[0 .. n-1], begun at `node`; -1: the trie does not go
// there.
int trie_node(const Trie *trie, int node, const char *bytes, size_t n);
// The longest token that begins text[0 .. n-1], walking from `node`, and its length;
// NO_TOKEN and 0 if none does. *steps (may be NULL) grows by the bytes looked at.
int trie_longest(const Trie *trie, int node, const char *text, size_t n, size_t *length,
                 uint64_t *steps);

typedef struct {
    uint64_t lookups;  // scan: questions to the dictionary; trie: steps
    uint64_t bytes;    // bytes read for them
} MatchWork;

// Called by the scan for each prefix it asks for; token: the answer, or NO_TOKEN.
typedef void MatchTrace(void *context, const char *prefix, size_t length, int token);

// All: segment text[0 .. n-1]; tokens has room for n; the number of tokens is returned.
// Where no token begins, one character (UTF-8; else one byte) becomes NO_TOKEN. work
// and trace may be NULL. The scan cuts between characters only, as one does by hand:
// its tokens must be whole characters.
size_t longest_match_scan(const Trie *vocabulary, const char *text, size_t n,
                          int *tokens, MatchWork *work, MatchTrace *trace,
                          void *context);
size_t longest_match(const Trie *vocabulary, const char *text, size_t n, int *tokens,
                     MatchWork *work);
// The same from the other end: the shortest prefix that is a token. Once every
// character is a token, nothing longer is ever found.
size_t shortest_match(const Trie *vocabulary, const char *text, size_t n, int *tokens);
// The segmentation with the fewest tokens (of several, the one whose first token is
// longest, and so on), or NO_SEGMENTATION where the vocabulary has none; then tokens is
// left alone.
size_t fewest_tokens(const Trie *vocabulary, const char *text, size_t n, int *tokens);
