// Sampling: the next token, from logits (1 x vocabulary). Lecture, section 3.12.
//
//     greedy        the token with the largest logit; of equal ones the first
//     temperature   p = softmax(logits / temperature)
//     top-p         the smallest set of most likely tokens that has at least top_p of p
//
//     logits --> candidates_new (temperature) --> candidates_top_p --> candidates_draw --> token
//                                                       ^
//                                     other filters go here: each shortens the list
//
// A filter reads the shares of what the filters before it left: temperature first, then
// the cuts. Penalties change logits, before all of it. Holtzman et al. (2020),
// arXiv:1904.09751 (top-p).
#pragma once
#include "common/numeric/mat.h"
#include "common/numeric/rng.h"

int token_greedy(Mat logits);
// All of it in one: temperature > 0; top_p in [0, 1] (1: all).
int token_sample(Mat logits, double temperature, double top_p, Rng *rng);

// ---- its steps

typedef struct {
    double p;
    int token;
} Candidate;

typedef struct {
    Candidate *list;
    int count;
    double total;  // of their p: 1, until a filter cuts
} Candidates;

// Every token, in their order. Logits must be finite or -INFINITY, and not all of them
// -INFINITY.
Candidates candidates_new(Mat logits, double temperature);
void candidates_free(Candidates *c);
// The most likely first; of equal ones the lower token.
void candidates_sort(Candidates *c);
// At least one stays.
void candidates_top_p(Candidates *c, double top_p);
int candidates_draw(const Candidates *c, Rng *rng);
