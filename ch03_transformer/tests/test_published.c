// Parameter counts: equal to the published integers, kind by kind where those are
// known.
#include <criterion/criterion.h>
#include <string.h>

#include "ch03_transformer/model.h"
#include "ch03_transformer/published.h"

static ParameterCount count(const char *name) {
    const PublishedModel *m = published_find(name);
    cr_assert(m, "%s", name);
    return parameter_count(m);
}

Test(published, totals_are_the_published_integers) {
    int known = 0;
    for (const PublishedModel *m = published_models(); m->name; m++) {
        ParameterCount c = parameter_count(m);
        cr_assert_eq(c.total, c.embedding + c.positions + c.attention + c.ffn + c.norms
                                  + c.head);
        if (!m->published) continue;
        cr_assert_eq(c.total, m->published, "%s: %lld, published %lld", m->name,
                     c.total, m->published);
        known++;
    }
    cr_assert_geq(known, 20);
    // Once more by hand, so that a slip in the table cannot hide.
    cr_assert_eq(count("llama-7b").total, 6738415616);
    cr_assert_eq(count("gpt2").total, 124439808);
    cr_assert_eq(count("bert-base").total, 109482240);
    cr_assert_eq(count("albert-base").total, 11683584);
    cr_assert_eq(count("t5-small").total, 60506624);
    cr_assert_eq(count("llama2-70b").total, 68976648192);
}

Test(published, the_rounded_ones_round_as_the_papers_do) {
    // "65 million", vocabulary "about 37000"
    cr_assert_float_eq((double)count("transformer-base").total / 1e6, 65, 2.5);
    cr_assert_float_eq((double)count("transformer-big").total / 1e6, 213, 2.5);
    cr_assert_float_eq((double)count("glm-130b").total / 1e9, 130, 2);
}

// How long a text may be, and where the norms are: no count of parameters shows either
// where positions are not learned.
Test(published, contexts_and_places_agree_with_a_second_source) {
    static const struct {
        const char *name;
        int context;
        NormPlace place;
    } second[] = {{"bert-base", 512, PLACE_POST},
                  {"bert-large", 512, PLACE_POST},
                  {"roberta-base", 514, PLACE_POST},
                  {"albert-base", 512, PLACE_POST},
                  {"albert-xxlarge", 512, PLACE_POST},
                  {"t5-small", 512, PLACE_PRE},
                  {"t5-large", 512, PLACE_PRE},
                  {"gpt1", 512, PLACE_POST},
                  {"gpt2", 1024, PLACE_PRE},
                  {"gpt2-xl", 1024, PLACE_PRE},
                  {"llama-7b", 2048, PLACE_PRE},
                  {"llama-13b", 2048, PLACE_PRE},
                  {"llama-33b", 2048, PLACE_PRE},
                  {"llama-65b", 2048, PLACE_PRE},
                  {"llama2-7b", 4096, PLACE_PRE},
                  {"llama2-13b", 4096, PLACE_PRE},
                  {"llama2-70b", 4096, PLACE_PRE},
                  {"glm-base", 513, PLACE_PRE},
                  {"chatglm-6b", 2048, PLACE_DEEPNORM},
                  {"glm-130b", 2048, PLACE_DEEPNORM},
                  {"transformer-base", 1024, PLACE_POST}};
    for (size_t i = 0; i < sizeof second / sizeof *second; i++) {
        const Config *c = config_find(second[i].name);
        cr_assert(c, "%s", second[i].name);
        cr_expect(c->context == second[i].context && c->place == second[i].place,
                  "%s: %d, %s", second[i].name, c->context, place_name(c->place));
    }
}

// Every constant once more, from the models' own configuration files (Hugging Face's
// config.json of each; GLM-130B's from its repository's configs/model_glm_130b.sh, the
// original's from the paper), written down as they are there: not in this table's order.
Test(published, shapes_agree_with_a_second_source) {
    static const struct {
        const char *name;
        int layers, d, heads, kv_heads, ffn, vocab;
    } second[] = {{"transformer-base", 12, 512, 8, 8, 2048, 37000},
                  {"transformer-big", 12, 1024, 16, 16, 4096, 37000},
                  {"bert-base", 12, 768, 12, 12, 3072, 30522},
                  {"bert-large", 24, 1024, 16, 16, 4096, 30522},
                  {"roberta-base", 12, 768, 12, 12, 3072, 50265},
                  {"roberta-large", 24, 1024, 16, 16, 4096, 50265},
                  {"albert-base", 12, 768, 12, 12, 3072, 30000},
                  {"albert-large", 24, 1024, 16, 16, 4096, 30000},
                  {"albert-xxlarge", 12, 4096, 64, 64, 16384, 30000},
                  {"t5-small", 12, 512, 8, 8, 2048, 32128},
                  {"t5-base", 24, 768, 12, 12, 3072, 32128},
                  {"t5-large", 48, 1024, 16, 16, 4096, 32128},
                  {"gpt1", 12, 768, 12, 12, 3072, 40478},
                  {"gpt2", 12, 768, 12, 12, 3072, 50257},
                  {"gpt2-medium", 24, 1024, 16, 16, 4096, 50257},
                  {"gpt2-large", 36, 1280, 20, 20, 5120, 50257},
                  {"gpt2-xl", 48, 1600, 25, 25, 6400, 50257},
                  {"llama-7b", 32, 4096, 32, 32, 11008, 32000},
                  {"llama-13b", 40, 5120, 40, 40, 13824, 32000},
                  {"llama-33b", 60, 6656, 52, 52, 17920, 32000},
                  {"llama-65b", 80, 8192, 64, 64, 22016, 32000},
                  {"llama2-7b", 32, 4096, 32, 32, 11008, 32000},
                  {"llama2-13b", 40, 5120, 40, 40, 13824, 32000},
                  {"llama2-70b", 80, 8192, 64, 8, 28672, 32000},
                  {"glm-base", 12, 768, 12, 12, 3072, 30592},
                  {"chatglm-6b", 28, 4096, 32, 32, 16384, 130528},
                  {"glm-130b", 70, 12288, 96, 96, 32768, 150528}};
    size_t n = 0;
    for (const PublishedModel *m = published_models(); m->name; m++) n++;
    cr_assert_eq(n, sizeof second / sizeof *second);
    for (size_t i = 0; i < n; i++) {
        const PublishedModel *m = published_find(second[i].name);
        cr_assert(m, "%s", second[i].name);
        cr_expect(published_layers(m) == second[i].layers && m->d == second[i].d
                      && m->heads == second[i].heads
                      && m->kv_heads == second[i].kv_heads && m->ffn == second[i].ffn
                      && m->vocab == second[i].vocab,
                  "%s", m->name);
    }
    // GLM-130B's total, from these: 4 d^2 + 3 d f and the biases a layer, one table.
    long long d = 12288, f = 32768,
              layer = 4 * d * d + 4 * d + 3 * d * f + 2 * f + d + 4 * d;
    cr_expect_eq(count("glm-130b").total, 70 * layer + 150528 * d + 2 * d);
}

Test(published, kinds) {
    ParameterCount gpt2 = count("gpt2");
    cr_assert_eq(gpt2.embedding, 50257LL * 768);
    cr_assert_eq(gpt2.positions, 1024LL * 768);
    cr_assert_eq(gpt2.attention, 12LL * (4 * 768 * 768 + 4 * 768));
    cr_assert_eq(gpt2.ffn, 12LL * (8 * 768 * 768 + 5 * 768));
    cr_assert_eq(gpt2.norms, 25LL * 2 * 768);
    cr_assert_eq(gpt2.head, 0);
    cr_assert_eq(count("llama-7b").head, 32000LL * 4096);  // untying adds V d
    // SwiGLU's 2/3 rule: 8 d / 3 = 10922.67, to the next multiple of 256.
    cr_assert_eq(published_find("llama-7b")->ffn, (8 * 4096 / 3 + 255) / 256 * 256);
    // Grouped queries: two of four matrices shrink by 8.
    const PublishedModel *big = published_find("llama2-70b");
    cr_assert_eq(attention_weights_count(big), 2LL * 8192 * 8192 + 2LL * 8192 * 1024);
}

Test(published, albert_factorises_its_embedding) {
    PublishedModel albert = *published_find("albert-large"), full = albert;
    full.embedding = 0;
    cr_assert_eq(embedding_weights_count(&full), 30720000);
    cr_assert_eq(embedding_weights_count(&albert), 3971072);
    full = albert, full.shared_layers = false;
    cr_assert_eq(parameter_count(&full).attention,
                 24 * parameter_count(&albert).attention);
}

// Formulas against the models themselves: the same count from shapes and from lists of
// parameters.
Test(published, models_have_as_many_parameters) {
    int both = 0;
    for (const PublishedConfig *r = published_configs; r->config.name; r++) {
        const Config *c = &r->config;
        const PublishedModel *p = published_find(c->name);
        Model m;
        Error err;
        if (!p) continue;
        cr_assert(model_new(&m, c, &err), "%s", err.text);
        PublishedModel own = published_of(&m.config);
        ParameterCount want = parameter_count(p), got = parameter_count(&own);
        cr_assert_eq((long long)m.params.size, want.total, "%s: %zu", c->name,
                     m.params.size);
        cr_assert(memcmp(&want, &got, sizeof want) == 0, "%s: published_of", c->name);
        model_free(&m);
        both++;
    }
    cr_assert_geq(both, 10);
}

// What no published model has: wide heads, SwiGLU with biases, untied encoder-decoders
// of two depths.
Test(published, other_models_have_as_many_parameters) {
#define SMALL \
    .vocabulary = 11, .context = 9, .channels = 12, .layers = 2, .heads = 2, \
    .norm_bias = true
    const Config others[] = {
        {SMALL, .head_dim = 5, .attention_bias = true},
        {SMALL, .ffn = FFN_SWIGLU, .ffn_bias = true, .final_norm = true},
        {SMALL, .family = FAMILY_ENCODER_DECODER, .decoder_layers = 3, .kv_heads = 1,
         .attention_bias = true, .final_norm = true},
        {SMALL, .family = FAMILY_ENCODER_DECODER, .decoder_layers = 1, .head_dim = 8,
         .position = POSITION_T5, .tied = true},
        {SMALL, .family = FAMILY_ENCODER_DECODER, .decoder_layers = 1,
         .position = POSITION_KERPLE, .tied = true},
        {SMALL, .family = FAMILY_ENCODER, .embedding_channels = 6,
         .embedding_norm = true, .head = HEAD_NONE, .pooler = true,
         .position = POSITION_LEARNED, .segments = 3, .shared_layers = true}};
#undef SMALL
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        Model m;
        Error err;
        cr_assert(model_new(&m, &others[i], &err), "%s", err.text);
        PublishedModel own = published_of(&m.config);
        cr_expect_eq(parameter_count(&own).total, (long long)m.params.size,
                     "%zu: %lld, not %zu", i, parameter_count(&own).total,
                     m.params.size);
        model_free(&m);
    }
}

Test(published, names) {
    const char *same[][2] = {{"GPT-2", "gpt2"},
                             {"llama_7B", "llama-7b"},
                             {"Llama-2-7b", "llama2-7b"},
                             {"gpt2-small", "gpt2"},
                             {"llama-30b", "llama-33b"},
                             {"llama1-7b", "llama-7b"},
                             {"gpt", "gpt1"},
                             {"GPT-2 124M", "gpt2"},
                             {"Transformer", "transformer-base"},
                             {"BERT base", "bert-base"}};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        cr_assert(published_find(same[i][0]), "%s", same[i][0]);
        cr_assert_str_eq(published_find(same[i][0])->name, same[i][1]);
    }
    cr_assert(!published_find("gpt5") && !published_find("")
              && !published_find("llama-7"));
    for (const PublishedModel *a = published_models(); a->name; a++)
        cr_assert_eq(published_find(a->name), a, "%s", a->name);
}
