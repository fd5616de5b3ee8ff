// Every pair of answers with its chance: a preference loss without a sample. Lecture,
// section 5.9.
//
//     x at random, y1 and y2 from ref, y1 preferred with probability sigma(r(y1) - r(y2))
//
// The loss is a sum over all pairs. Its minimum for dpo is pi*, that of PPO with the
// same beta: beta h(y1) - beta h(y2) = r(y1) - r(y2) for all pairs says pi = ref
// e^(r/beta) / Z. The other losses of the table have minima of their own.
#pragma once
#include "ch05_sft_rlhf/enumerated.h"
#include "ch05_sft_rlhf/preference_loss.h"

typedef struct {
    PreferenceSettings settings;
    Preferred *pairs;
    size_t count;
} PreferencePopulation;

PreferencePopulation preference_population(const Enumerated *x,
                                           PreferenceSettings settings);
void preference_population_free(PreferencePopulation *p);
// An ExpectedLoss; context: the population.
Node *preference_population_loss(Tape *t, Enumerated *x, void *population);
