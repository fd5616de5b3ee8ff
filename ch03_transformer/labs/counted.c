#include "ch03_transformer/labs/counted.h"

#include <math.h>
#include <stdlib.h>

#include "ch03_transformer/cross_entropy.h"
#include "common/error.h"

void counted_model(Model *m, const Config *c) {
    Error err;
    if (!model_new(m, c, &err)) die("%s", err.text);
}

// Which tokens does not matter to a counter: 0, 1, 2, ...
static int *some_tokens(int count, int vocabulary) {
    int *ids = allocate((size_t)count, sizeof *ids);
    for (int i = 0; i < count; i++) ids[i] = i % vocabulary;
    return ids;
}

static int *repeated(int count, int value) {
    int *all = allocate((size_t)count, sizeof *all);
    for (int i = 0; i < count; i++) all[i] = value;
    return all;
}

Counted counted_step(const Model *m, StepShape s) {
    Tape *t = tape_new((Params *)&m->params);  // its gradients are written to
    int *ids = some_tokens(s.batch * s.time, m->config.vocabulary),
        *prefixes = repeated(s.batch, s.prefix);
    int *source = some_tokens(s.batch * s.source, m->config.vocabulary);
    Tokens in = {.batch = s.batch,
                 .time = s.time,
                 .tokens = ids,
                 .prefixes = s.prefix ? prefixes : NULL};
    Tokens from = {.batch = s.batch, .time = s.source, .tokens = source};
    bool both = m->config.family == FAMILY_ENCODER_DECODER;
    Node *memory = both ? model_encode(t, m, &from) : NULL;
    Node *hidden =
        both ? model_decode(t, m, &in, memory, &from) : model_hidden(t, m, &in);
    tape_backward(t, cross_entropy(t, model_logits(t, m, hidden), ids));
    TapeCounts c = tape_counts(t);
    tape_free(t), free(ids), free(prefixes), free(source);
    return (Counted){llround(c.flops_forward), llround(c.flops_backward),
                     (long long)c.activation_bytes, (long long)c.grad_bytes};
}
