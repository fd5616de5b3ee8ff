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
