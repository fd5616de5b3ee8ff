#include "ch04_pretrain/tests/tiny.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/model_kinds.h"
#include "ch04_pretrain/pairs.h"

Corpus tiny_corpus_of(const int *ids, int count, int end) {
    Corpus c = {.ids = malloc((size_t)count * sizeof(int)),
                .count = (size_t)count,
                .bytes = (size_t)count,
                .documents = 1,
                .end = end};
    memcpy(c.ids, ids, (size_t)count * sizeof *ids);
    return c;
}

Corpus tiny_corpus(int vocabulary, int documents, int most, uint64_t seed) {
    int *ids = malloc((size_t)(documents * (most + 1) + 1) * sizeof *ids), count = 0;
    Rng rng = rng_new(seed);
    for (int d = 0; d < documents; d++) {
        ids[count++] = vocabulary - 1;
        for (int left = 1 + rng_below(&rng, most); left > 0; left--)
            ids[count++] = rng_below(&rng, vocabulary - 1);
    }
    ids[count++] = vocabulary - 1;
    Corpus c = tiny_corpus_of(ids, count, vocabulary - 1);
    free(ids);
    return c;
}

Plan tiny_plan(ObjectiveKind kind, int time) {
    const Objective *o = &objectives[kind];
    return (Plan){.data = "tiny",
                  .validation = "",
                  .tokenizer = "",
                  .objective = kind,
                  .model = model_kind_for(o->family, o->parts & BATCH_SEGMENTS),
                  .layers = 1,
                  .heads = 2,
                  .channels = 16,
                  .context = time,
                  .batch = 4,
                  .accumulate = 1,
                  .steps = 20,
                  .rate = 3e-3,
                  .warmup = 0.1,
                  .decay = 0.1,
                  .clip = 1,
                  .seed = 1,
                  .order = 2,
                  .symbols = 3,
                  .concentration = 0.5};
}

void tiny_model(Model *m, const Plan *plan, const Data *d) {
    Config config = plan_config(plan, d->vocabulary);
    // ReLU has a corner, where differences mean nothing.
    if (config.ffn == FFN_RELU) config.ffn = FFN_GELU;
    Error err;
    cr_assert(model_new(m, &config, &err), "%s", err.text);
    if (objectives[plan->objective].parts & BATCH_LABELS) pair_head_add(m);
    Rng rng = rng_new((uint64_t)plan->seed);
    model_allocate(m, &rng);
    params_allocate_grads(&m->params);
}

Node *tiny_loss(Tape *t, void *loss) {
    const TinyLoss *l = loss;
    return objective_loss_smoothed(t, l->model, l->batch, l->smoothing);
}
