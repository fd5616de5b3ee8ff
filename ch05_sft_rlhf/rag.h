// Retrieval-augmented generation: an answer's probability, summed over the facts that it
// may come from. Lecture, section 5.16.
//
//     RAG-Sequence   p(y | x) = sum over z of p(z | x) product over i of p(y_i | x, z, y_<i)
//     RAG-Token      p(y | x) = product over i of sum over z of p(z | x) p(y_i | x, z, y_<i)
//
// One fact for the whole answer, or for each token another one. Both sum to 1 over all
// answers; they are equal where there is one token or one fact. Everything is computed in
// logarithms: 400 tokens at ln p = -5 have ln p = -2000, and e^-2000 is 0.
//
//     kind       the most likely answer is sought
//     token      by beam search: the sum is a next-token distribution like any other
//     sequence   among the beams of every fact; each is scored under every fact (thorough)
//     fast       the same, but a fact that has it in no beam adds nothing
//
// Lewis et al., "Retrieval-augmented generation for knowledge-intensive NLP tasks" (2020),
// arXiv:2005.11401.
#pragma once
#include "ch04_pretrain/beam.h"

// log_prior[facts] = ln p(z | x); log_probs [facts x tokens] = ln p(y_i | x, z, y_<i).
double rag_sequence(const double *log_prior, const double *log_probs, int facts,
                    int tokens);
double rag_token(const double *log_prior, const double *log_probs, int facts,
                 int tokens);

typedef struct {
    int facts;
    const double *log_prior;
    Predictor
        *readers;  // one per fact: p(. | x, z, what is written); same symbols, end
} Rag;

typedef enum { RAG_SEQUENCE, RAG_FAST, RAG_TOKEN, RAG_KINDS } RagKind;
extern const char *const rag_names[];  // ends with NULL

// ln p(answer) of kind; RAG_FAST: as RAG_SEQUENCE.
double rag_log_prob(const Rag *r, RagKind kind, const int *answer, int count);

// Answers, the most likely first, with their ln p as that kind computes it (which is its
// score too); `width` beams of at most `most` tokens. Freed by beams_free.
Beams rag_decode(const Rag *r, RagKind kind, int width, int most);
