#include "ch05_sft_rlhf/tests/small.h"

#include <criterion/criterion.h>

#include "ch03_transformer/published.h"

void small_model(Model *m, uint64_t seed) {
    Config c = config_small_llama(SMALL_VOCABULARY, SMALL_CONTEXT, 16, 1, 2, 2);
    c.init = INIT_XAVIER;
    Error err;
    cr_assert(model_new(m, &c, &err), "%s", err.text);
    Rng rng = rng_new(seed);
    model_allocate(m, &rng);
    params_allocate_grads(&m->params);
}

Exchange small_exchange(Rng *rng, int prompt, int answer, bool finished) {
    int ids[2 * SMALL_CONTEXT];
    for (int i = 0; i < prompt + answer; i++) ids[i] = rng_below(rng, SMALL_END);
    return exchange_of(ids, prompt, ids + prompt, answer, SMALL_END, finished);
}
