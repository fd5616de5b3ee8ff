// A Markov chain drawn anew for each text. Lecture, section 4.4.
//
// Each row of the chain is uniform over all distributions on V symbols (Dirichlet(1)),
// the first symbol uniform. A reader does not know the chain and learns it while
// reading; the best prediction is Bayes' (Laplace's rule of succession), n_ij counting
// how often j followed i so far, n_i = sum_j n_ij:
//
//     P(j | i, text so far) = (n_ij + 1) / (n_i + V)
//
// So a model has to count *in context*: no weights can hold the chain.
#pragma once
#include "common/numeric/rng.h"

// text[0 .. n-1]
void chains_write(Rng *rng, int symbols, int *text, int n);
// Bayes' predictor after text[0 .. n-1]: p[symbols].
void chains_next(const int *text, int n, int symbols, double *p);
// nats[i] = -ln P(text[i] | text[0 .. i-1]).
void chains_surprise(const int *text, int n, int symbols, double *nats);

// The least expected loss at each position 0 .. n-1, and its standard error: the mean
// of the predictor's entropy over `texts` drawn texts. (Its entropy, not the loss on
// the symbol drawn: the same expectation, less noise.)
void chains_floor(Rng *rng, int symbols, int texts, int n, double *floor,
                  double *error);
// Lim of the floor: the expected entropy rate of a random chain, from as many chains.
double chains_entropy_rate(Rng *rng, int symbols, int draws, double *error);
