// The unigram language model: a tokenizer that sums over segmentations. Lecture,
// section 1.11.
//
//     p(text) = sum over segmentations x_1 .. x_m of the text   p(x_1) .. p(x_m),     sum over tokens p = 1
//
// As a lattice: a node between any two bytes, an arc for every token that occurs in the
// text. With alpha_i = ln of the summed weight of all paths from 0 to i, and beta_i
// from i to the end n,
//
//     alpha_j = ln sum over tokens x = text[i .. j-1] of exp(alpha_i + ln p(x)); p = exp(alpha_n) [1.28]
//     E[count of x | text] = sum over its places of exp(alpha_i + ln p(x) + beta_j - alpha_n)
//
// and max for the sum gives the best single path (Viterbi), which is how the model tokenizes.  [1.29]
//
// Training, L = sum of ln p(word) over the corpus: begin with far too many tokens, then
// alternately
//     EM      p(x) <- E[count of x] / E[tokens]: L rises, by at least E[tokens] KL(new, old)         [1.30]
//     prune   drop the tokens whose loss would cost L least, never single characters                 [1.31]
//             with the other p as they are p(text) can only fall, to its part without those tokens;
//             but then the p that stay are scaled up to sum to 1, and L may end up higher
//
// SentencePiece's M-step is another one: p(x) <- exp(digamma(c) - digamma(sum c)), c =
// E[count], which is variational Bayes: like counting c - 1/2, so that rare tokens die
// out. It does not maximise L.
//
// Kudo, "Subword regularization" (2018), arXiv:1804.10959, section 3. All logarithms
// are natural.
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "ch01_tokenizer/longest_match.h"
#include "ch01_tokenizer/word_bpe.h"
#include "common/numeric/rng.h"

typedef struct {
    const char *text;  // the bytes belong to the words it was seeded from
    size_t size;
    double log_p;    // -INFINITY: never used
    bool character;  // a single character: is never pruned
} UnigramToken;

typedef struct {
    UnigramToken *tokens;  // [count] in the order of their bytes
    size_t count;
    Trie trie;
} Unigram;

// A model of given tokens; ln p as given. Freed by unigram_free.
Unigram unigram_new(const UnigramToken *tokens, size_t count);
// The seed: every character of the words, and of their other substrings of up to
// `longest` characters that occur at least twice the `most` with the largest count x
// bytes. p is proportional to the count.
Unigram unigram_seed(const WordCount *words, size_t n, size_t longest, size_t most);
void unigram_free(Unigram *unigram);

// ln p(text); -INFINITY where no segmentation exists; 0 for the empty text.
double unigram_log_p(const Unigram *unigram, const char *text, size_t n);
// The best segmentation: its ln p (-INFINITY: there is none); *count tokens, `tokens`
// has room for n. Both may be NULL. Of equally good ones, the one whose last token is
// shortest, and so on backwards.
double unigram_viterbi(const Unigram *unigram, const char *text, size_t n, int *tokens,
                       size_t *count);
// A segmentation drawn with probability proportional to p(segmentation)^power: 1 is the
// model's own, 0 is uniform, large is Viterbi's. How many tokens; the text must have a
// segmentation. Sums backwards, draws forwards.
size_t unigram_sample(const Unigram *unigram, const char *text, size_t n, double power,
                      Rng *rng, int *tokens);

// E-step: adds weight x E[count of each token | text] to expected[0 .. count-1];
// returns ln p(text).
double unigram_expect(const Unigram *unigram, const char *text, size_t n, double weight,
                      double *expected);
// The same for all words, into expected (zeroed first): L = sum over words of count x
// ln p(word).
double unigram_expect_all(const Unigram *unigram, const WordCount *words, size_t n,
                          double *expected);
// M-steps: maximum likelihood, and SentencePiece's.
void unigram_maximise(Unigram *unigram, const double *expected);
void unigram_digamma_step(Unigram *unigram, const double *expected);
// Drops all but the characters and the `keep` other tokens with the largest loss
// E[count] x (ln p(x) - ln p of the best segmentation of x by other tokens); what stays
// again sums to 1. A character that EM has all but forgotten comes back with half an
// occurrence: every word stays possible. `expected` is the last E-step's. (Kudo's loss
// is the true change of L; this is the usual estimate.)
void unigram_prune(Unigram *unigram, const double *expected, size_t keep);
