#include "ch05_sft_rlhf/labs/fact_store.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"

static bool is_taken(const FactStore *s, const char *who) {
    for (int i = 0; i < s->count; i++)
        if (strcmp(s->world[i].who, who) == 0) return true;
    return false;
}

static void add_person(FactStore *s, bool held_out, Rng *rng) {
    char who[sizeof s->world->who];
    do world_name(who, sizeof who, held_out, rng);
    while (is_taken(s, who));
    for (int r = 0; r < KNOWN_RELATIONS; r++) {
        WorldFact f = world_fact((Relation)r, who, true, rng);
        Text text = {0};
        world_say(&f, &text);
        s->world[s->count] = f, s->texts[s->count++] = text.data;
    }
}

FactStore fact_store_new(int people, bool held_out, Rng *rng) {
    size_t size = (size_t)people * KNOWN_RELATIONS;
    FactStore s = {allocate(size, sizeof(WorldFact)), allocate(size, sizeof(char *)),
                   0};
    for (int i = 0; i < people; i++) add_person(&s, held_out, rng);
    return s;
}

void fact_store_free(FactStore *s) {
    for (int i = 0; i < s->count; i++) free((char *)s->texts[i]);
    free(s->world), free(s->texts);
    *s = (FactStore){0};
}

void retriever_teach(Retriever *r, const Vocabulary *v, int dim, int pairs,
                     long long steps, uint64_t seed) {
    Rng rng = rng_new(seed);
    BiEncoderPlan plan = bi_encoder_plan_usual;
    plan.steps = steps, plan.seed = seed;
    r->params = (Params){0};
    r->encoder = bi_encoder_add(&r->params, v, dim);
    params_allocate(&r->params), params_init(&r->params, &rng);
    params_allocate_grads(&r->params), bi_encoder_begin(&r->encoder);
    if (!pairs) return;
    RetrievalPairs from = retrieval_pairs(pairs, seed);
    bi_encoder_train(&r->encoder, &from, &plan);
    retrieval_pairs_free(&from);
}
