// A library: facts that can be found by a question. Lecture, section 5.16.
//
//     bi-encoder   the largest v(q) . v(d), by an exact search through all facts (maximum
//                  inner product search): N x dim multiply-adds
//     bm25         the largest BM25 score
//
//     p(z | x) = softmax of the scores of the k that were found
//
// A fact that is added, changed or dropped changes a row of the library and nothing else:
// no model is trained.
#pragma once
#include "ch05_sft_rlhf/bi_encoder.h"
#include "ch05_sft_rlhf/bm25.h"

typedef enum { RETRIEVER_BI_ENCODER, RETRIEVER_BM25, RETRIEVERS } RetrieverKind;
extern const char *const retriever_names[];  // ends with NULL

typedef struct {
    const BiEncoder *encoder;  // borrowed
    Terms *facts;
    int count;
    Mat vectors;  // count x dim
    Bm25 bm25;
} Library;

// encoder NULL: BM25 alone.
Library library_new(const BiEncoder *encoder, const char *const *facts, int count);
void library_free(Library *l);

// to[l->count]: the scores of all facts.
void library_scores(const Library *l, RetrieverKind kind, const Terms *question,
                    double *to);
// The k largest of n scores, the largest first; of equal ones the first. k <= n.
void top_scores(const double *scores, int n, int k, int *which);

enum { FOUND_MOST = 16 };
typedef struct {
    int which[FOUND_MOST];
    double score[FOUND_MOST], log_prior[FOUND_MOST];  // ln p(z | x)
    int count;
} Found;
// The best min(k, l->count); k <= FOUND_MOST.
Found library_find(const Library *l, RetrieverKind kind, const Terms *question, int k);
