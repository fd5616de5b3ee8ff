// BM25: facts ranked by the words that they share with a question. Lecture, section 5.16.
//
//     score(q, d) = sum over the words t of q of idf(t) tf (k1 + 1) / (tf + k1 (1 - b + b |d| / mean |d|))
//     idf(t) = ln(1 + (N - n_t + 1/2) / (n_t + 1/2))
//
// tf: how often d has t; n_t: how many of the N texts have it. A rare word counts much, its
// second occurrence less than its first, and less in a long text. Robertson et al., "Okapi
// at TREC-3" (1994); the 1 in the logarithm keeps idf above 0.
#pragma once
#include "ch05_sft_rlhf/terms.h"

typedef struct {
    uint64_t term;
    int text, times;
} Posting;

typedef struct {
    Posting *postings;  // by term, then by text
    size_t count, capacity;
    int *lengths;  // words of each text
    int texts;
    double mean_length, k1, b;
} Bm25;

// The usual choice is k1 = 1.2, b = 0.75.
Bm25 bm25_new(const Terms *texts, int count, double k1, double b);
void bm25_free(Bm25 *m);
// to[texts]. A word that the question has twice counts twice.
void bm25_scores(const Bm25 *m, const Terms *question, double *to);
double bm25_idf(int texts, int with_it);
