#include "ch05_sft_rlhf/dpo.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/clip.h"
#include "ch05_sft_rlhf/policy.h"

Dpo dpo_new(Model *policy, const Model *reference, PreferenceSettings settings,
            OptimiserSettings optimiser) {
    assert(policy->params.grads);
    return (Dpo){.settings = settings,
                 .policy = policy,
                 .reference = reference,
                 .optimiser = optimiser_new(&policy->params, optimiser),
                 .tape = tape_new(&policy->params),
                 .most_grad_norm = 1};
}

void dpo_free(Dpo *d) {
    tape_free(d->tape), optimiser_free(&d->optimiser);
    *d = (Dpo){0};
}

// By the operations of dpo_loss, rounding and all: where pi = ref, h is 0 exactly.
static double *reference_sums(const Model *m, const Batch *b) {
    double *to = allocate((size_t)b->rows, sizeof *to);
    Tape *t = tape_new((Params *)&m->params);
    Mat sums = policy_sums(t, b, policy_pass(t, m, b).log_probs)->value;
    for (int i = 0; i < sums.rows; i++) to[i] = (double)*mat_at(sums, i, 0);
    tape_free(t);
    return to;
}

static bool has_reference(const Dpo *d) {
    return preference_kinds[d->settings.kind].reference;
}

DpoBatch dpo_batch(const Dpo *d, const Exchange *const *chosen,
                   const Exchange *const *rejected, int count) {
    assert(count >= 1);
    size_t n = (size_t)count;
    const Exchange **all = allocate(2 * n, sizeof(Exchange *));
    memcpy(all, chosen, n * sizeof *all), memcpy(all + n, rejected, n * sizeof *all);
    DpoBatch b = {.count = count,
                  .batch = exchange_batch(all, 2 * count),
                  .tokens = allocate(2 * n, sizeof *b.tokens),
                  .pairs = allocate(n, sizeof *b.pairs)};
    for (int i = 0; i < count; i++) b.pairs[i] = (Preferred){i, count + i, 1.0 / count};
    for (int i = 0; i < 2 * count; i++) b.tokens[i] = exchange_counted(all[i]);
    if (has_reference(d)) b.reference = reference_sums(d->reference, &b.batch);
    free(all);
    return b;
}

void dpo_batch_free(DpoBatch *b) {
    batch_free(&b->batch), free(b->reference), free(b->tokens), free(b->pairs);
    *b = (DpoBatch){0};
}

static DpoStep figures(Mat measures, const DpoBatch *b, double scale) {
    DpoStep s = {0};
    for (int i = 0; i < b->count; i++) {
        double chosen = scale * (double)*mat_at(measures, i, 0),
               rejected = scale * (double)*mat_at(measures, b->count + i, 0);
        s.chosen += chosen / b->count, s.rejected += rejected / b->count;
        s.accuracy += (chosen > rejected ? 1 : chosen == rejected ? 0.5 : 0) / b->count;
    }
    s.margin = s.chosen - s.rejected;
    return s;
}

Node *dpo_loss(Tape *t, const Dpo *d, const DpoBatch *b, DpoStep *at) {
    Node *log_probs = policy_pass(t, d->policy, &b->batch).log_probs;
    Node *h = preference_measures(t, policy_sums(t, &b->batch, log_probs), b->reference,
                                  b->tokens);
    Node *loss = preference_node(t, h, b->pairs, (size_t)b->count, &d->settings);
    if (at) {
        *at = figures(h->value, b, has_reference(d) ? d->settings.beta : 1);
        at->loss = (double)*loss->value.at;
    }
    return loss;
}

DpoStep dpo_step(Dpo *d, const DpoBatch *b, double rate) {
    DpoStep s;
    Params *p = &d->policy->params;
    tape_backward(d->tape, dpo_loss(d->tape, d, b, &s));
    if (isfinite(d->most_grad_norm)) params_clip(p, d->most_grad_norm);
    optimiser_step(&d->optimiser, p, rate);
    params_zero_grads(p);
    tape_reset(d->tape);
    return s;
}
