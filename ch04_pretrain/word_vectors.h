// Word vectors by skip-gram with negative sampling (word2vec). Lecture, section 4.29.
//
//     ... Anna had a red [kite] . Tom took the ...          word w, contexts c within a window
//
//     loss(w, c; n_1 .. n_k) = -ln s(w.c) - sum over i of ln s(-w.n_i)        s: sigmoid
//
// Each word has two vectors: one as a word, one as a context. c stood near w; the n_i were
// drawn from P_n, at random, and did not. In expectation the loss is least where
//
//     w.c = ln [ P(w, c) / (P(w) P_n(c)) ] - ln k
//
// for each pair: the pointwise mutual information (PMI), where P_n is the contexts' own
// distribution, less ln k. Mikolov et al. (2013), arXiv:1310.4546; Levy, Goldberg, "Neural
// word embedding as implicit matrix factorization" (2014).
#pragma once
#include <stdbool.h>

#include "common/numeric/rng.h"

typedef struct {
    int words, dim;
    double *word, *context;  // [words x dim] each
} WordVectors;

// Drawn with standard deviation sd / sqrt(dim).
WordVectors word_vectors_new(int words, int dim, double sd, Rng *rng);
void word_vectors_free(WordVectors *v);

// others[k]: the drawn words; a word may occur in it twice, and may be c.
double sgns_loss(const WordVectors *v, int w, int c, const int *others, int k);
// Takes one step of gradient descent on it.
void sgns_step(WordVectors *v, int w, int c, const int *others, int k, double rate);

// The expected loss where w and c occur together with probability joint[w * words + c] and
// the others are drawn by noise[words]; one step of gradient descent on it, if rate > 0.
double sgns_expected(WordVectors *v, const double *joint, const double *noise, int k,
                     double rate);
// The w.c of the optimum; -infinity where w and c never occur together.
double sgns_optimum(const double *joint, const double *noise, int words, int k, int w,
                    int c);

typedef struct {
    int window;       // words before and after
    int others;       // k
    double exponent;  // P_n(c) ~ count(c)^exponent; word2vec: 0.75
    double rate;      // falls to a hundredth, in a straight line
    int epochs;
} SgnsSettings;

// Goes through text[n], each below v->words.
void sgns_train(WordVectors *v, const int *text, int n, const SgnsSettings *s,
                Rng *rng);

// The cosine of the vectors of two words.
double word_cosine(const WordVectors *v, int a, int b);
// The word with the largest cosine to `word` among those with allowed[words]; not itself.
// -1: none is allowed.
int word_nearest(const WordVectors *v, int word, const bool *allowed);
