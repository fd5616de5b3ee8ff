// WordPiece: BERT's tokenizer. Lecture, section 1.10.
//
// Training merges pairs as BPE does, but says it picks the pair that "increases the
// likelihood on the training data the most". With c_x occurrences of symbol x among N,
// a model of independent symbols gives the corpus at best
//
//     L = sum over x of f(c_x) - f(N),        f(x) = x ln x                        [1.25]
//
// Merging a b (a != b) in r places leaves c_a - r, c_b - r, r of the new symbol, and N
// - r:
//
//     gain = f(c_a - r) + f(c_b - r) + f(r) - f(N - r)  -  f(c_a) - f(c_b) + f(N)
//     a = b:  c_a - 2r of a are left
//
//     r (PMI - 1) <= gain <= r (PMI + 1),     PMI = ln( r N / (c_a c_b) ),  a != b  [1.26]
//
// Three criteria, then: the count (BPE), the likelihood gain, and the score r / (c_a
// c_b) = e^PMI / N of most tutorials, which lost the factor r: two letters that occur
// once, together, beat every frequent pair.
//
// Encoding is longest match, not merges:
//
//     unaffable -> una ##ffa ##ble      the longest token, then the longest one that begins with ##, ...
//     stuck anywhere, or longer than 200 characters: the whole word is [UNK]
//
// Schuster and Nakajima, "Japanese and Korean voice search" (2012); Devlin et al.
// (2018), arXiv:1810.04805, whose training code was never published; encoding as in
// google-research/bert, tokenization.py.
#pragma once
#include "ch01_tokenizer/bpe_train.h"
#include "ch01_tokenizer/longest_match.h"

typedef enum { MERGE_BY_COUNT, MERGE_BY_SCORE, MERGE_BY_LIKELIHOOD } MergeCriterion;

// L in nats of a corpus, from the counts of its symbols: counts[0 .. n-1].
double likelihood_of_counts(const uint64_t *counts, size_t n);
// What merging a pair adds to L; r <= c_a, c_b; a != b.
double likelihood_gain(double c_a, double c_b, double r, double n);
// The same for a pair a a; 2r <= c_a.
double likelihood_gain_twin(double c_a, double r, double n);

// How often a pair and its two symbols occur.
typedef struct {
    Pair pair;
    // adjacent positions; those that a merge replaces: fewer if left = right
    uint64_t found, replaced;
    uint64_t left, right;  // c_a, c_b
} PairCount;

// The pairs of fresh words (no training has put gaps into them), in the order of their
// first appearance; *n of them. The caller frees the array with free().
PairCount *count_pairs(const Words *words, int base, size_t *n);
// either likelihood_gain; n: symbols in all
double pair_gain(const PairCount *pair, double n);
double pair_score(const PairCount *pair);  // found / (c_a c_b)

typedef struct {
    Merges merges;
    double *gains;  // [merges.count] by formula, nats
    // [merges.count + 1] L, summed anew from the corpus before each merge and at the
    // end
    double *totals;
} WordPieceTraining;

// Learns up to `count` merges by a criterion; the words are fresh and stay as they are.
// Ties go as in bpe_train.h; MERGE_BY_COUNT gives bpe_train's merges. O(symbols x
// merges).
WordPieceTraining wordpiece_train(const Words *words, int base, int count,
                                  MergeCriterion criterion);
void wordpiece_training_free(WordPieceTraining *training);

typedef struct {
    Trie trie;  // all tokens, "##est" with its ##
    // the node of "##": where the walk for the rest of a word begins; -1: there is none
    int continuation;
    int unknown;  // the token [UNK]
} WordPiece;

enum { WORDPIECE_MOST_CHARACTERS = 200 };

// Tokens are numbered as in the list; `unknown` is one of them. Freed by
// wordpiece_free.
WordPiece wordpiece_new(const char *const *tokens, int n, int unknown);
void wordpiece_free(WordPiece *wordpiece);
// One word (UTF-8) to tokens, room for size (at least 1); how many there are. An empty
// word has none.
size_t wordpiece_encode(const WordPiece *wordpiece, const char *word, size_t size,
                        int *tokens);
