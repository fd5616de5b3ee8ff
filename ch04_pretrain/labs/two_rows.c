#include "ch04_pretrain/labs/two_rows.h"

#include "ch04_pretrain/model_kinds.h"
#include "common/error.h"

enum { CHANNELS = 32, ALL = TWO_ROWS_LONG + TWO_ROWS_SHORT };

Corpus two_rows_text(Rng *rng) {
    Corpus c = {.count = ALL + 1, .documents = 1, .end = TWO_ROWS_IDS - 1};
    c.ids = allocate(c.count, sizeof *c.ids);
    c.ids[0] = c.end;
    for (int i = 1; i <= ALL; i++)
        c.ids[i] = i <= TWO_ROWS_LONG ? i % 2 : 2 + rng_below(rng, TWO_ROWS_IDS - 3);
    return c;
}

TrainSettings two_rows_settings(int batch, int accumulate, uint64_t seed) {
    return (TrainSettings){.batch = batch,
                           .accumulate = accumulate,
                           .steps = TWO_ROWS_STEPS,
                           .rate = 3e-3,
                           .clip = 1,
                           .seed = seed};
}

void two_rows_begin(TwoRows *r, const Corpus *c, int layers, TrainSettings s,
                    Team *team, int zero) {
    Error err;
    *r = (TwoRows){.data = data_of_corpus(c, TWO_ROWS_IDS, TWO_ROWS_LONG, s.seed)};
    Config config = model_kinds[MODEL_GPT2].config(TWO_ROWS_IDS, TWO_ROWS_LONG,
                                                   CHANNELS, layers, 2);
    config.init = INIT_XAVIER;
    if (!model_new(&r->model, &config, &err)) die("%s", err.text);
    Rng rng = rng_new(s.seed);
    model_allocate(&r->model, &rng), params_allocate_grads(&r->model.params);
    ObjectiveSettings clm = {.kind = OBJECTIVE_CLM, .rng = rng_new(s.seed)};
    r->trainer = trainer_new_in_team(&r->model, &r->data, s, clm, team, zero);
}

void two_rows_end(TwoRows *r) {
    trainer_free(&r->trainer), model_free(&r->model), data_free(&r->data);
}
