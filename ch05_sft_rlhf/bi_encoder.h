// A bi-encoder: questions and facts as vectors, so that the fact that answers a question
// is the one with the largest inner product. Lecture, section 5.16.
//
//     question tower   v(q) = sum over its words of E_q[word]          q . d = v(q) . v(d)
//     fact tower       v(d) = sum over its words of E_d[word]
//
// Two towers: facts are encoded once, before any question is there. Words that the
// vocabulary does not have get a vector drawn from N(0, 1 / dim), seeded by the word's
// hash, the same in both towers; a gain g for all of them is learnt. At the beginning the
// towers are equal, and q . d counts the words in common: in expectation exactly, with the
// variance 1 / dim for each pair of different words.
#pragma once
#include "ch03_transformer/tape.h"
#include "ch05_sft_rlhf/fact_world.h"

typedef enum { TOWER_QUESTION, TOWER_FACT, TOWERS } Tower;

typedef struct {
    const Vocabulary *vocabulary;
    Params *params;     // its own, or a model's that has them too
    int table[TOWERS];  // words x dim
    int gain;           // 1 x 1
    int dim;
} BiEncoder;

// Adds its parameters; before params_allocate.
BiEncoder bi_encoder_add(Params *p, const Vocabulary *v, int dim);
// Those that a model has already.
BiEncoder bi_encoder_of(Params *p, const Vocabulary *v);
// Makes the towers equal; after the values are drawn.
void bi_encoder_begin(BiEncoder *e);

// count texts as vectors: count x dim.
Node *bi_encoder_texts(Tape *t, const BiEncoder *e, Tower tower, const Terms *texts,
                       int count);
// The same as numbers, without gradients.
void bi_encoder_vectors(Mat to, const BiEncoder *e, Tower tower, const Terms *texts);

// Pairs to learn from: people that are invented for it, each with a fact of every
// relation, each fact asked about twice, in its words and otherwise.
typedef struct {
    Terms *questions, *facts;
    int *fact;  // equal facts have equal numbers
    int count;
} RetrievalPairs;
RetrievalPairs retrieval_pairs(int count, uint64_t seed);
void retrieval_pairs_free(RetrievalPairs *p);

typedef struct {
    long long steps;
    int rows;  // pairs per step
    double rate;
    uint64_t seed;
} BiEncoderPlan;
extern const BiEncoderPlan bi_encoder_plan_usual;
// Only e's own parameters are moved; they must have gradients.
void bi_encoder_train(BiEncoder *e, const RetrievalPairs *pairs,
                      const BiEncoderPlan *plan);
