#include "ch05_sft_rlhf/enumerated.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch05_sft_rlhf/policy.h"

EnumeratedShape enumerated_shape(void) {
    return (EnumeratedShape){
        .symbols = 3, .longest = 4, .prompts = 2, .channels = 32, .layers = 2};
}

// Of a model as it is drawn some answers are so rare that no method meets them. Half
// its logits: a reference that leaves room.
static const real HEAD_SHARE = 0.5;

void enumerated_new(Enumerated *x, EnumeratedShape shape, Rng rng) {
    Error err;
    Rng rewards = rng_split(&rng, 0), weights = rng_split(&rng, 1);
    *x = (Enumerated){
        .space = enumerable_new(shape.symbols, shape.longest, shape.prompts, rewards)};
    const Enumerable *e = &x->space;
    Config c = enumerable_config(e, shape.channels, shape.layers);
    if (!model_new(&x->policy, &c, &err)) die("%s", err.text);
    model_allocate(&x->policy, &weights);
    mat_scale(params_value(&x->policy.params, x->policy.head), HEAD_SHARE);
    params_allocate_grads(&x->policy.params);
    policy_copy(&x->reference, &x->policy);
    size_t n = (size_t)e->size;
    x->all = allocate(n, sizeof *x->all);
    for (int i = 0; i < e->size; i++)
        x->all[i] = enumerable_exchange(e, i / e->answers, i % e->answers);
    x->ref_tokens = allocate(enumerable_edges(e), sizeof(double));
    x->log_ref = allocate(n, sizeof(double)), x->log_p = allocate(n, sizeof(double));
    enumerable_tokens(x->ref_tokens, &x->reference, e);
    enumerable_answers(x->log_ref, x->ref_tokens, e);
}

void enumerated_free(Enumerated *x) {
    for (int i = 0; i < x->space.size; i++) exchange_free(&x->all[i]);
    free(x->all), free(x->ref_tokens), free(x->log_ref), free(x->log_p);
    model_free(&x->policy), model_free(&x->reference);
    enumerable_free(&x->space);
}

void enumerated_restart(Enumerated *x) {
    Params *p = &x->policy.params;
    memcpy(p->values, x->reference.params.values, p->size * sizeof *p->values);
}

Measures enumerated_measure(Enumerated *x, double beta) {
    enumerable_policy(x->log_p, &x->policy, &x->space);
    return enumerable_measure(x->log_p, x->log_ref, beta, &x->space);
}

// ---- expected gradients

Descent descent_new(Enumerated *x, Schedule schedule) {
    OptimiserSettings adam = {.kind = OPTIMISER_ADAM, .beta2 = 0.99};
    return (Descent){.of = x,
                     .optimiser = optimiser_new(&x->policy.params, adam),
                     .tape = tape_new(&x->policy.params),
                     .schedule = schedule};
}

void descent_free(Descent *d) {
    tape_free(d->tape), optimiser_free(&d->optimiser);
    *d = (Descent){0};
}

double descent_step(Descent *d, ExpectedLoss *loss, void *context) {
    Params *p = &d->of->policy.params;
    Node *at = loss(d->tape, d->of, context);
    double value = (double)*at->value.at;
    tape_backward(d->tape, at);
    optimiser_step(&d->optimiser, p, schedule_rate(&d->schedule, ++d->step));
    params_zero_grads(p), tape_reset(d->tape);
    return value;
}

// ---- draws

const char *const baseline_names[] = {"none", "prompt", "exact", NULL};
_Static_assert(sizeof baseline_names / sizeof *baseline_names == BASELINES + 1,
               "a baseline without a name");

Draws draws_new(const Enumerated *x, int count) {
    size_t n = (size_t)count;
    return (Draws){.count = count,
                   .answers = allocate(n, sizeof(Exchange *)),
                   .rewards = allocate(n, sizeof(double)),
                   .values = allocate(n * (size_t)x->space.longest, sizeof(double))};
}

void draws_free(Draws *d) {
    free(d->answers), free(d->rewards), free(d->values);
    *d = (Draws){0};
}

// The baseline of each token of an answer; returns how many there are.
static int expect(double *to, const Enumerable *e, const Exchange *answer,
                  const double *values, Baseline baseline) {
    int n = exchange_counted(answer), node = 0;
    for (int t = 0; t < n; t++) {
        to[t] = baseline == BASELINE_NONE     ? 0
                : baseline == BASELINE_PROMPT ? values[0]
                                              : values[node];
        node = e->symbols * node + 1 + answer->ids[answer->prompt + t];
    }
    return n;
}

// The policy as it is now: p, of each answer, and values, of each prefix.
static void look(double *p, double *values, const Enumerated *x, double beta) {
    const Enumerable *e = &x->space;
    double *tokens = allocate(enumerable_edges(e), sizeof *tokens);
    enumerable_tokens(tokens, &x->policy, e), enumerable_answers(p, tokens, e);
    enumerable_values(values, tokens, x->ref_tokens, beta, e);
    for (int i = 0; i < e->size; i++) p[i] = exp(p[i]);
    free(tokens);
}

void draws_fill(Draws *d, Enumerated *x, Baseline baseline, double beta, Rng *rng) {
    const Enumerable *e = &x->space;
    double *p = allocate((size_t)e->size, sizeof *p),
           *values = allocate((size_t)e->size, sizeof *values);
    look(p, values, x, beta);
    for (int i = 0, at = 0; i < d->count; i++) {
        int first = i % e->prompts * e->answers;
        int answer = first + rng_categorical(rng, p + first, e->answers);
        d->answers[i] = &x->all[answer], d->rewards[i] = e->reward[answer];
        at += expect(d->values + at, e, d->answers[i], values + first, baseline);
    }
    free(p), free(values);
}

double draws_fill_with(Draws *d, Enumerated *x, Baseline baseline, double beta,
                       int answer) {
    const Enumerable *e = &x->space;
    double *p = allocate((size_t)e->size, sizeof *p),
           *values = allocate((size_t)e->size, sizeof *values);
    assert(d->count == 1 && 0 <= answer && answer < e->size);
    look(p, values, x, beta);
    d->answers[0] = &x->all[answer], d->rewards[0] = e->reward[answer];
    expect(d->values, e, d->answers[0], values + answer / e->answers * e->answers,
           baseline);
    double found = p[answer];
    free(p), free(values);
    return found;
}

Ppo enumerated_ppo(Enumerated *x, Critic *critic, PpoSettings settings) {
    Ppo p = ppo_new(&x->policy, &x->reference, critic, settings);
    p.hidden = enumerable_hidden_of, p.context = &x->space;
    return p;
}
