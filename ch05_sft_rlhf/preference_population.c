#include "ch05_sft_rlhf/preference_population.h"

#include <math.h>
#include <stdlib.h>

#include "common/numeric/logistic.h"

PreferencePopulation preference_population(const Enumerated *x,
                                           PreferenceSettings settings) {
    const Enumerable *e = &x->space;
    size_t n = (size_t)e->answers;
    PreferencePopulation p = {.settings = settings};
    double total = 0;
    p.pairs = allocate((size_t)e->prompts * n * (n - 1), sizeof *p.pairs);
    for (int at = 0; at < e->size; at += e->answers)
        for (int i = at; i < at + e->answers; i++)
            for (int j = at; j < at + e->answers; j++) {
                if (i == j) continue;
                double wins = logistic(e->reward[i] - e->reward[j]);
                double met = exp(x->log_ref[i] + x->log_ref[j]) / e->prompts;
                p.pairs[p.count++] = (Preferred){i, j, met * wins};
                total += met * wins;
            }
    // two equal answers are no pair: the others' chances, so that they add up to 1
    for (size_t i = 0; i < p.count; i++) p.pairs[i].weight /= total;
    return p;
}

void preference_population_free(PreferencePopulation *p) {
    free(p->pairs);
    *p = (PreferencePopulation){0};
}

Node *preference_population_loss(Tape *t, Enumerated *x, void *population) {
    const PreferencePopulation *p = population;
    const Enumerable *e = &x->space;
    bool reference = preference_kinds[p->settings.kind].reference;
    int *tokens = tape_allocate(t, (size_t)e->size * sizeof *tokens);
    for (int i = 0; i < e->size; i++) tokens[i] = enumerable_length(e, i % e->answers);
    Node *sums = enumerable_log_probs(t, &x->policy, e);
    Node *measures =
        preference_measures(t, sums, reference ? x->log_ref : NULL, tokens);
    return preference_node(t, measures, p->pairs, p->count, &p->settings);
}
