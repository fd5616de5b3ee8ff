// Facts about invented people that no training has seen, for the labs of section 5.16.
#pragma once
#include "ch05_sft_rlhf/fact_world.h"
#include "ch05_sft_rlhf/library.h"

typedef struct {
    WorldFact *world;
    const char **texts;
    int count;  // people x KNOWN_RELATIONS: a fact of each relation
} FactStore;

// Names differ. held_out: none of them occurs in training.
FactStore fact_store_new(int people, bool held_out, Rng *rng);
void fact_store_free(FactStore *s);

// A retriever with parameters of its own, that has learnt from so many pairs (0: none). It
// must not be moved.
typedef struct {
    Params params;
    BiEncoder encoder;
} Retriever;
void retriever_teach(Retriever *r, const Vocabulary *v, int dim, int pairs,
                     long long steps, uint64_t seed);
