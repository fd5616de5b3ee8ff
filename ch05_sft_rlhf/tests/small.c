#include "ch05_sft_rlhf/tests/small.h"

#include <criterion/criterion.h>
#include <string.h>

#include "ch03_transformer/published.h"

static void model_of(Model *m, int vocabulary, int context, uint64_t seed) {
    Config c = config_small_llama(vocabulary, context, 16, 1, 2, 2);
    c.init = INIT_XAVIER;
    Error err;
    cr_assert(model_new(m, &c, &err), "%s", err.text);
    Rng rng = rng_new(seed);
    model_allocate(m, &rng);
    params_allocate_grads(&m->params);
}

void small_model(Model *m, uint64_t seed) {
    model_of(m, SMALL_VOCABULARY, SMALL_CONTEXT, seed);
}

void small_chat_model(Model *m, const SmallChat *s, int context, uint64_t seed) {
    model_of(m, s->tokenizer.size, context, seed);
}

Exchange small_exchange(Rng *rng, int prompt, int answer, bool finished) {
    int ids[2 * SMALL_CONTEXT];
    for (int i = 0; i < prompt + answer; i++) ids[i] = rng_below(rng, SMALL_END);
    return exchange_of(ids, prompt, ids + prompt, answer, SMALL_END, finished);
}

void small_chat_new(SmallChat *s) {
    Error err;
    Documents d;
    s->story = story_new();
    s->from = instructions_for_training(&s->story);
    const char *text = " Anna has the kite. Tom has the kite. Who has the kite?";
    documents_of(&d, text, strlen(text));
    cr_assert(chat_tokenizer(&s->tokenizer, &d, 280, &err), "%s", err.text);
    cr_assert(chat_template_of(&s->chat, &s->tokenizer, &err), "%s", err.text);
    documents_free(&d);
}

void small_chat_free(SmallChat *s) {
    tokenizer_free(&s->tokenizer), story_free(&s->story);
}
