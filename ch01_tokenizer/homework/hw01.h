// Homework of chapter 1: six problems that take its tokenizers further. README.md says
// what each is about.
//
// You edit hw01.c; `make hw01` grades it. Every function of the chapter may be called.
// No problem needs another. The caller of these functions owns all arrays; a function
// frees what it allocates itself, but for problem 3's pops. Texts are bytes and may
// hold a 0 byte; no text ends with one.
#pragma once
#include <stddef.h>

#include "ch01_tokenizer/bpe_encode.h"
#include "ch01_tokenizer/longest_match.h"
#include "ch01_tokenizer/unigram.h"
#include "common/numeric/rng.h"

// ---- 1. BPE-dropout (medium, 45 min)

// Encodes n symbols in place, returns how many are left. In every step each *place* (an
// adjacent pair that has a merge) is skipped with probability p, independently and
// anew; of the others one is merged: the lowest merged symbol, leftmost first. The
// first step that has nothing to merge ends it. 0 <= p <= 1.
size_t bpe_dropout(const PairTable *table, int *symbols, size_t n, double p, Rng *rng);

// ---- 2. Streaming UTF-8 (medium, 60 min)

enum { REPLACEMENT = 0xFFFD };

// What is carried from one chunk to the next. {0} at the start; how you use it is up to
// you.
typedef struct {
    unsigned char bytes[4];
    int count;
} Utf8Stream;

// Decodes the next n >= 0 bytes; a chunk ends anywhere. Writes at most n + 1 code
// points, returns how many. What these bytes decide is written now, what they leave
// open is carried over: E1 80 leaves all open, E1 62 nothing (U+FFFD and b). Broken
// bytes: one REPLACEMENT for each maximal subpart (README.md).
size_t utf8_stream(Utf8Stream *stream, const char *chunk, size_t n, int *points);
// The text is over: a character still open is broken. Writes 0 or 1 code points,
// returns how many; the stream is as at the start again.
size_t utf8_stream_end(Utf8Stream *stream, int *points);

// ---- 3. WordPiece in linear time (hard, 120 min)

// The vocabulary as two tries in one numbering of nodes: the tokens that begin a word
// hang at WORD_ROOT, those with ## at REST_ROOT (with the ## taken off). Nodes are
// numbered by depth: a node with a shorter string, in either trie, has a smaller
// number.
typedef struct MatchTrie MatchTrie;
enum { WORD_ROOT = 0, REST_ROOT = 1, NO_NODE = -1, UNKNOWN_TOKEN = 0 };

// how many: 0 .. this - 1
int match_nodes(const MatchTrie *trie);
// the child, or NO_NODE
int match_step(const MatchTrie *trie, int node, unsigned char byte);
// what ends here, or NO_TOKEN
int match_token(const MatchTrie *trie, int node);

// What to do where a walk cannot go on from a node: write the pops, go on from `link`.
// A node that leads nowhere, such as both roots: NO_NODE, no pops.
typedef struct {
    int link;
    int pop_count;
    int *pops;  // [pop_count] allocated by match_links, freed by its caller
} MatchLink;

// Fills links[0 .. match_nodes - 1], which come zeroed: a `link` of 0 is the word root,
// not NO_NODE.
void match_links(const MatchTrie *trie, MatchLink *links);
// One word to tokens, room for n; how many there are. An empty word has none. A word
// without a segmentation is one UNKNOWN_TOKEN, as a whole. At most 2n + 1 calls of
// match_step.
size_t match_encode(const MatchTrie *trie, const MatchLink *links, const char *word,
                    size_t n, int *tokens);

// ---- 4. The n best segmentations (medium, 75 min)

typedef struct {
    double log_p;
    size_t count;
    int *tokens;  // room for as many tokens as the text has bytes, given by the caller
} Segmentation;

// The `most` best segmentations of text[0 .. n-1] under the unigram model, the best
// first, into best[0 .. most-1], most >= 1; how many there are, fewer where the text
// has fewer. No two are the same; the order of equally good ones is free. An empty text
// has one segmentation, of no tokens. Tokens whose log_p is -INFINITY are not used.
size_t unigram_nbest(const Unigram *unigram, const char *text, size_t n, size_t most,
                     Segmentation *best);
// weights[i] = p_i^power / sum over j of p_j^power, where p_i = exp(best[i].log_p).
// count >= 1, power >= 0.
void nbest_weights(const Segmentation *best, size_t count, double power,
                   double *weights);

// ---- 5. Byte fallback (easy, 45 min)

// LLaMA's numbering: <unk> <s> </s>, the bytes <0x00> .. <0xFF>, then the code points.
enum { UNK = 0, FIRST_BYTE = 3, FIRST_POINT = FIRST_BYTE + 256, SPACE_MARK = 0x2581 };

typedef struct {
    // [count] ascending, without the space; points[i] is token FIRST_POINT + i
    const int *points;
    int count;
} PointVocabulary;

// Any bytes to tokens, room for n; how many. A character of the vocabulary is its
// token; the space is the token of SPACE_MARK; everything else (other characters,
// broken bytes, a SPACE_MARK in the text itself, the space where the
// vocabulary has no SPACE_MARK) becomes its byte tokens.
size_t fallback_encode(const PointVocabulary *vocabulary, const char *text, size_t n,
                       int *tokens);
// The bytes the tokens stand for, room for 4n; how many. It undoes fallback_encode for
// every text, byte for byte. <unk>, <s> and </s> stand for no bytes.
size_t fallback_decode(const PointVocabulary *vocabulary, const int *tokens, size_t n,
                       char *text);

// ---- 6. A memory of words (medium, 45 min)

// Draws that a line of two words knows again, as a share of the draws of its own words.
// Word i of these n >= 1 is drawn with p[i] > 0, independently; the sum of p need not
// be 1. The line keeps the two different words that were drawn last, a and b after a a
// b b b: a word that is found becomes the newer one, and a word that is not found
// replaces the older. Many draws have gone before.
double line_share(const double *p, size_t n);
// The least number of words that a memory must hold so that it knows at least `share` of
// all draws, if it holds the most frequent ones. The word of rank r = 1 .. ranks is drawn
// with p_r proportional to r^-a. 0 <= share <= 1; `ranks` where all are needed.
size_t memory_words(size_t ranks, double a, double share);
