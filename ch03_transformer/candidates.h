// Candidates: the tokens that may come next, each with its probability. Lecture, section
// 3.12.
//
//     logits --> candidates_new (temperature) --> filters (filters.h) --> candidates_draw
//
// A list is shortened by filters and never renormalised: `total` is what is left of the
// probability, and a token's share is p / total.
#pragma once
#include "common/numeric/mat.h"
#include "common/numeric/rng.h"

typedef struct {
    double p;
    int token;
} Candidate;

typedef struct {
    Candidate *list;
    int count;
    double total;  // of their p: 1, until a filter cuts
} Candidates;

// softmax(logits / temperature): every token, in their order. temperature > 0. Logits (1 x
// vocabulary) must be finite or -INFINITY, and not all of them -INFINITY.
Candidates candidates_new(Mat logits, double temperature);
void candidates_free(Candidates *c);
// The most likely first; of equal ones the lower token.
void candidates_sort(Candidates *c);
// One of them, by p; its place in the list.
int candidates_draw(const Candidates *c, Rng *rng);
