// n-gram models: the next token from the last n - 1. Lecture, section 4.6.
//
// What was counted, c(u w), u the history and u' the same without its first token, and
// two ways to make probabilities of it:
//
//     add-k         (c(u w) + k) / (c(u) + k V)
//     Kneser-Ney    p_n(w | u) = (max(c(u w) - D, 0) + g(u) p_{n-1}(w | u')) / c(u)
//
// In Kneser and Ney's model (1995) only the longest n-grams keep their counts; a
// shorter one counts *how many different tokens it was seen after*. "Francisco" is
// frequent, but only after "San": it should not be expected elsewhere. Modified (Chen
// and Goodman, "An empirical study of smoothing techniques", 1998): discounts D_1, D_2,
// D_3+ for counts of 1, 2, more, from the numbers n_c of n-grams with count c:
//
//     Y = n_1 / (n_1 + 2 n_2),   D_c = c - (c + 1) Y n_{c+1} / n_c,   c = 1, 2, 3
//     g(u) = D_1 N_1(u) + D_2 N_2(u) + D_3 N_3+(u)
//
// and below the unigrams stands the uniform 1 / V. Each p sums to 1 over w.
//
// Counts lie in a tree: a node is a sequence of tokens, its parent the sequence without
// the last one. A text is read token by token; a document begins with n - 1 tokens that
// are never predicted.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NGRAM_MOST = 6 };

typedef struct {
    uint32_t count;      // how often
    uint32_t different;  // after how many different tokens
    uint32_t parent;
    // of what follows: sum of its counts, and how many have count 1, 2, 3 or more.
    // Counts are `count` for children of the longest length, `different` for others.
    uint32_t total, ones, twos, more;
    uint32_t raw_total;  // sum of `count` of what follows
} NgramNode;

typedef struct {
    int order, vocabulary;
    NgramNode *nodes;  // 0: the empty sequence
    size_t node_count, node_capacity;
    uint64_t *keys;   // hash table: parent and token -> node
    uint32_t *slots;  // 0: empty
    size_t mask;
    // [order + 1][0 .. 3]: discounts by length and count; 0 where the count is 0
    double discount[NGRAM_MOST + 1][4];
    bool finished;
} Ngram;

// order 1 to NGRAM_MOST - 1 and tokens 0 .. vocabulary - 1. Add documents, then finish.
Ngram ngram_new(int order, int vocabulary);
void ngram_add(Ngram *g, const int *text, size_t n);
// Counts of counts and discounts. Where a sample is so large or small that an n_c is 0
// or a discount not positive, Y stands for all three (1/2 where n_1 = 0): a discount of
// 0 would leave nothing for what was never seen.
void ngram_finish(Ngram *g);
void ngram_free(Ngram *g);

// Where a text has been read up to: nodes of the last 0, 1, .. order - 1 tokens.
typedef struct {
    uint32_t node[NGRAM_MOST];
    int known;  // node[0 .. known - 1] are in the tree
} NgramReader;

NgramReader ngram_begin(const Ngram *g);  // a document begins
void ngram_read(const Ngram *g, NgramReader *r, int token);
// P(token | what was read), with `order` = 1 .. g->order tokens at most.
double ngram_kneser_ney(const Ngram *g, const NgramReader *r, int order, int token);
double ngram_add_k(const Ngram *g, const NgramReader *r, int order, double k,
                   int token);

// Sum of -ln p over a document, Kneser-Ney of the full order.
double ngram_nats(const Ngram *g, const int *text, size_t n);
// The same as bits per byte of the text the tokens stand for.
double ngram_bits_per_byte(double nats, size_t bytes);
