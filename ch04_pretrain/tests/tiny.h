// Small corpora and models, for the tests of what trains.
#pragma once
#include "ch04_pretrain/plan.h"

// Documents of 1 to `most` tokens, drawn from 0 .. vocabulary - 2; END is the last id.
Corpus tiny_corpus(int vocabulary, int documents, int most, uint64_t seed);
// END and these tokens, which may hold more ENDs.
Corpus tiny_corpus_of(const int *ids, int count, int end);

// What `train` would make: one layer, 16 channels.
Plan tiny_plan(ObjectiveKind kind, int time);
// The model of a plan for this data, drawn and with gradients. It must not be moved.
void tiny_model(Model *m, const Plan *plan, const Data *d);

// The loss of a whole batch, for gradient_error.
typedef struct {
    const Model *model;
    const Batch *batch;
    double smoothing;
} TinyLoss;
Node *tiny_loss(Tape *t, void *loss);
