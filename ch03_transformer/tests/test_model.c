// Whole models: every arrangement of norms, every feed-forward, every family against
// central differences; the published numbers of parameters; what a token may see;
// configurations that cannot be; and formulas against their usual mistakes.
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/activation.h"
#include "ch03_transformer/arithmetic.h"
#include "ch03_transformer/cross_entropy.h"
#include "ch03_transformer/deepnorm.h"
#include "ch03_transformer/model.h"
#include "ch03_transformer/published.h"
#include "ch03_transformer/tests/gradients.h"

enum { V = 11, T = 5, B = 2, S = 6 };

static const int tokens[B * S] = {1, 7, 3, 10, 2, 5, 4, 4, 9, 8, 6, 0};
static const int targets[B * T] = {7, 3, 10, 2, IGNORED, 4, 9, 0, 6, 1};
static const int lengths[] = {5, 3}, prefixes[] = {3, 1},
                 segments[B * T] = {0, 0, 1, 1, 1, 0, 1, 1, 0, 0};

static Node *build(Tape *t, void *context) {
    const Model *m = context;
    const Config *c = &m->config;
    Tokens in = {.batch = B,
                 .time = T,
                 .tokens = tokens,
                 .segments = c->segments ? segments : NULL};
    Tokens from = {.batch = B, .time = S, .tokens = tokens, .lengths = lengths};
    if (c->family == FAMILY_ENCODER) in.lengths = lengths;
    if (strcmp(c->name, "prefix") == 0) in.prefixes = prefixes;
    // the same numbers drop at every call
    if (c->dropout > 0) tape_training(t, true, 3);
    Node *h = c->family == FAMILY_ENCODER_DECODER
                  ? model_decode(t, m, &in, model_encode(t, m, &from), &from)
                  : model_hidden(t, m, &in);
    if (c->head == HEAD_NONE)
        return c->pooler ? random_loss(t, model_pool(t, m, h, &in)) : random_loss(t, h);
    return cross_entropy(t, model_logits(t, m, h), targets);
}

// 12 channels, 2 or 3 heads, two layers.
#define SMALL \
    .vocabulary = V, .context = 8, .channels = 12, .layers = 2, .heads = 2, \
    .norm_epsilon = 1e-3, .init = INIT_XAVIER
#define BIASED \
    .norm = NORM_LAYER, .attention_bias = true, .ffn_bias = true, .norm_bias = true
static const Config small[] = {
    {.name = "post",
     SMALL,
     BIASED,
     .place = PLACE_POST,
     .position = POSITION_LEARNED,
     .tied = true},
    {.name = "pre",
     SMALL,
     BIASED,
     .place = PLACE_PRE,
     .final_norm = true,
     .ffn = FFN_GELU,
     .position = POSITION_SINUSOIDAL},
    {.name = "deepnorm",
     SMALL,
     BIASED,
     .place = PLACE_DEEPNORM,
     .ffn = FFN_GELU_TANH,
     .position = POSITION_ALIBI},
    {.name = "dropout",
     SMALL,
     BIASED,
     .place = PLACE_PRE,
     .final_norm = true,
     .ffn = FFN_GELU_TANH,
     .dropout = 0.3,
     .tied = true},
    {.name = "swiglu",
     SMALL,
     .norm = NORM_RMS,
     .place = PLACE_PRE,
     .final_norm = true,
     .ffn = FFN_SWIGLU,
     .hidden = 7,
     .position = POSITION_ROPE},
    {.name = "gqa",
     SMALL,
     .kv_heads = 1,
     .norm = NORM_RMS,
     .place = PLACE_PRE,
     .ffn = FFN_SWIGLU,
     .position = POSITION_XPOS,
     .tied = true},
    {.name = "wide heads",
     SMALL,
     .head_dim = 5,
     .norm = NORM_RMS,
     .place = PLACE_POST,
     .ffn = FFN_GELU,
     .logit_scale = 0.3},
    {.name = "prefix",
     SMALL,
     BIASED,
     .place = PLACE_PRE,
     .final_norm = true,
     .ffn = FFN_GELU,
     .position = POSITION_LEARNED,
     .segments = 2},
    {.name = "encoder",
     SMALL,
     BIASED,
     .family = FAMILY_ENCODER,
     .ffn = FFN_GELU,
     .segments = 2,
     .embedding_norm = true,
     .position = POSITION_LEARNED,
     .position_offset = 2,
     .tied = true,
     .head = HEAD_MLM},
    {.name = "pooler",
     SMALL,
     BIASED,
     .family = FAMILY_ENCODER,
     .ffn = FFN_GELU,
     .head = HEAD_NONE,
     .pooler = true},
    {.name = "albert",
     SMALL,
     BIASED,
     .family = FAMILY_ENCODER,
     .ffn = FFN_GELU,
     .embedding_channels = 6,
     .embedding_norm = true,
     .position = POSITION_LEARNED,
     .shared_layers = true,
     .tied = true,
     .head = HEAD_MLM},
    {.name = "original",
     SMALL,
     .family = FAMILY_ENCODER_DECODER,
     .decoder_layers = 1,
     .norm_bias = true,
     .ffn_bias = true,
     .position = POSITION_SINUSOIDAL,
     .tied = true,
     .embedding_scale = 3},
    {.name = "deepnorm, both",
     SMALL,
     BIASED,
     .family = FAMILY_ENCODER_DECODER,
     .decoder_layers = 2,
     .place = PLACE_DEEPNORM,
     .position = POSITION_LEARNED,
     .ffn = FFN_GELU},
    {.name = "t5",
     SMALL,
     .family = FAMILY_ENCODER_DECODER,
     .decoder_layers = 1,
     .place = PLACE_PRE,
     .norm = NORM_RMS,
     .final_norm = true,
     .position = POSITION_T5,
     .buckets = 8,
     .furthest = 16,
     .tied = true,
     .attention_scale = 1,
     .logit_scale = 0.3},
    {.name = "kerple",
     SMALL,
     .family = FAMILY_ENCODER_DECODER,
     .decoder_layers = 1,
     .place = PLACE_PRE,
     .final_norm = true,
     .norm = NORM_RMS,
     .ffn = FFN_GELU,
     .position = POSITION_KERPLE},
    {.name = "sandwich, both",
     SMALL,
     BIASED,
     .family = FAMILY_ENCODER_DECODER,
     .decoder_layers = 1,
     .place = PLACE_SANDWICH,
     .final_norm = true,
     .ffn = FFN_GEGLU},
};

static Model model_of(const Config *c, uint64_t seed) {
    Model m;
    Error err;
    cr_assert(model_new(&m, c, &err), "%s", err.text);
    Rng rng = rng_new(seed);
    for (int i = 0; i < m.params.count; i++)  // biases and gains move, too
        if (m.params.list[i].init.sd == 0)
            m.params.list[i].init = normal(m.params.list[i].init.mean == 1 ? 0.7 : 0.2);
    model_allocate(&m, &rng), params_allocate_grads(&m.params);
    return m;
}

Test(model, gradients_are_central_differences) {
    for (size_t i = 0; i < sizeof small / sizeof *small; i++) {
        Model m = model_of(&small[i], i);
        double error = gradient_error(&m.params, build, &m, sizeof(real) == 8 ? 25 : 1);
        cr_expect(error <= gradient_tolerance(), "%s: off by %g", small[i].name, error);
        // and every parameter is used (what softmax does not see, b_K, is only
        // rounding)
        for (int k = 0; k < m.params.count; k++) {
            Mat g = params_grad(&m.params, k);
            double largest = 0;
            for (int n = 0; n < g.rows * g.cols; n++)
                largest = fmax(largest, fabs((double)g.at[n]));
            cr_expect(largest > 0, "%s: %s has no gradient", small[i].name,
                      m.params.list[k].name);
        }
        model_free(&m);
    }
}

// One matrix for embedding and head: the original multiplies rows by sqrt(d) on their
// way in, T5 divides on the way out.
Test(model, tied_matrices_are_scaled) {
    const char *const original[] = {"transformer-base", "transformer-big"},
                      *const t5[] = {"t5-small", "t5-base"};
    for (int i = 0; i < 2; i++) {
        const Config *a = config_find(original[i]), *b = config_find(t5[i]);
        cr_expect_float_eq(a->embedding_scale, sqrt(a->channels), 1e-12, "%s: %.17g",
                           a->name, a->embedding_scale);
        cr_expect_float_eq(b->logit_scale, 1 / sqrt(b->channels), 1e-12, "%s: %.17g",
                           b->name, b->logit_scale);
    }
}

Test(model, parameters_are_the_published_numbers) {
    static const struct {
        const char *name;
        size_t size;
    } published[] = {{"bert-base", 109482240},   {"roberta-base", 124645632},
                     {"albert-base", 11683584},  {"t5-small", 60506624},
                     {"t5-base", 222903552},     {"gpt1", 116534784},
                     {"gpt2", 124439808},        {"gpt2-medium", 354823168},
                     {"gpt2-large", 774030080},  {"gpt2-xl", 1557611200},
                     {"llama-7b", 6738415616},   {"llama-13b", 13015864320},
                     {"llama-65b", 65285660672}, {"llama2-7b", 6738415616},
                     {"llama2-70b", 68976648192}};
    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        const Config *c = config_find(published[i].name);
        cr_assert(c, "%s", published[i].name);
        Model m;
        Error err;
        cr_assert(model_new(&m, c, &err), "%s", err.text);
        cr_expect_eq(m.params.size, published[i].size, "%s: %zu, not %zu", c->name,
                     m.params.size, published[i].size);
        if (!c->tied && c->head == HEAD_LINEAR) {  // tying saves V d
            Config tied = *c;
            tied.tied = true;
            Model n;
            cr_assert(model_new(&n, &tied, &err));
            cr_expect_eq(m.params.size - n.params.size,
                         (size_t)c->vocabulary * c->channels);
            model_free(&n);
        }
        model_free(&m);
    }
}

Test(model, every_named_model_is_valid) {
    for (const PublishedConfig *r = published_configs; r->config.name; r++) {
        const Config *c = &r->config;
        Model m;
        Error err;
        cr_expect(model_new(&m, c, &err), "%s", err.text);
        model_free(&m);
    }
    cr_expect_null(config_find("gpt-9"));
}

// ---- who sees whom: the hidden state at `at` changes with the token at `by`, or keeps
// every bit

static bool sees(const Model *m, const Tokens *in, int at, int by) {
    Tape *t = tape_new((Params *)&m->params);
    int changed[B * S];
    memcpy(changed, in->tokens, sizeof changed);
    changed[by] = (changed[by] + 1) % V;
    Tokens other = *in;
    other.tokens = changed;
    Mat a = model_hidden(t, m, in)->value, b = model_hidden(t, m, &other)->value;
    bool differ =
        memcmp(mat_at(a, at, 0), mat_at(b, at, 0), (size_t)a.cols * sizeof(real)) != 0;
    tape_free(t);
    return differ;
}

Test(model, masks_hide_what_they_should) {
    Model gpt = model_of(&small[1], 1), glm = model_of(&small[7], 2),
          bert = model_of(&small[8], 3);
    Tokens in = {.batch = B, .time = T, .tokens = tokens}, padded = in, prefixed = in;
    padded.lengths = lengths, prefixed.prefixes = prefixes;
    for (int i = 0; i < T; i++)
        for (int j = 0; j < T; j++)
            for (int b = 0; b < B; b++) {
                cr_expect_eq(sees(&gpt, &in, b * T + i, b * T + j), j <= i,
                             "causal: %d, %d", i, j);
                cr_expect_eq(sees(&glm, &prefixed, b * T + i, b * T + j),
                             j <= i || j < prefixes[b], "prefix: %d, %d", i, j);
                cr_expect_eq(sees(&bert, &padded, b * T + i, b * T + j),
                             j < lengths[b] || i == j, "padding: %d, %d", i, j);
                cr_expect(!sees(&gpt, &in, b * T + i, (1 - b) * T + j),
                          "another sequence");
            }
    model_free(&gpt), model_free(&glm), model_free(&bert);
}

// What the decoder sees of the encoder's tokens: all up to their lengths, from
// everywhere; of its own: what came before.
Test(model, cross_attention_sees_the_source_and_its_lengths) {
    Model m = model_of(&small[11], 4);
    int source[B * S], target[B * T];
    Tokens of = {.batch = B, .time = S, .tokens = source, .lengths = (int[]){6, 4}},
           in = {.batch = B, .time = T, .tokens = target};
    Tape *t = tape_new(&m.params);
    for (int side = 0; side < 2; side++)
        for (int by = 0; by < (side ? B * T : B * S); by++) {
            memcpy(source, tokens, sizeof source),
                memcpy(target, tokens, sizeof target);
            Mat a = model_decode(t, &m, &in, model_encode(t, &m, &of), &of)->value;
            (side ? target : source)[by] = (tokens[by] + 1) % V;
            Mat b = model_decode(t, &m, &in, model_encode(t, &m, &of), &of)->value;
            for (int at = 0; at < B * T; at++) {
                bool differ = memcmp(mat_at(a, at, 0), mat_at(b, at, 0),
                                     (size_t)a.cols * sizeof(real))
                              != 0;
                bool sees = side ? at / T == by / T && by <= at
                                 : at / T == by / S && by % S < of.lengths[by / S];
                cr_expect_eq(differ, sees, "%s token %d from %d",
                             side ? "target" : "source", by, at);
            }
            tape_reset(t);
        }
    tape_free(t), model_free(&m);
}

// ---- a whole model as its equations say it; blocks are tested by themselves

static Node *embedding_by_hand(Tape *t, const Model *m, const Tokens *in) {
    const Config *c = &m->config;
    Mat x = tape_mat(t, in->batch * in->time, c->embedding_channels);
    for (int i = 0; i < x.rows; i++)
        for (int j = 0; j < x.cols; j++) {
            int place = i % in->time;
            double v =
                c->embedding_scale
                * (double)*mat_at(params_value(&m->params, m->token), in->tokens[i], j);
            double angle = place / pow(10000, (double)(j / 2 * 2) / x.cols);
            if (c->position == POSITION_SINUSOIDAL)
                v += j % 2 ? cos(angle) : sin(angle);
            if (c->position == POSITION_LEARNED)
                v += (double)*mat_at(
                    params_value(&m->params, m->position),
                    (in->positions ? in->positions[i] : place) + c->position_offset, j);
            if (c->segments)
                v += (double)*mat_at(params_value(&m->params, m->segment),
                                     in->segments ? in->segments[i] : 0, j);
            *mat_at(x, i, j) = (real)v;
        }
    Node *h = constant_node(t, x);
    if (c->embedding_norm) h = norm(t, &m->embedding_norm, h);
    return c->embedding_channels == c->channels ? h : linear(t, &m->embedding_up, h);
}

static Node *stack_by_hand(Tape *t, const Model *m, const Stack *stack, Node *x,
                           Surroundings s) {
    PositionKind kind = m->config.position;
    if (kind != POSITION_NONE && kind != POSITION_LEARNED
        && kind != POSITION_SINUSOIDAL)
        s.position = &stack->position;
    if (stack->position_param >= 0) s.position_param = param(t, stack->position_param);
    for (int i = 0; i < stack->layers; i++)
        x = block(t, &stack->blocks[m->config.shared_layers ? 0 : i], x, &s);
    return m->config.final_norm ? norm(t, &stack->final_norm, x) : x;
}

static Mat logits_by_hand(Tape *t, const Model *m, Node *h) {
    Mat e = params_value(&m->params, m->config.tied ? m->token : m->head),
        y = tape_mat(t, h->value.rows, V);
    if (m->config.head == HEAD_MLM)
        h = norm(t, &m->head_norm, gelu(t, linear(t, &m->head_dense, h)));
    for (int i = 0; i < y.rows; i++)
        for (int v = 0; v < V; v++) {
            double sum = 0;
            for (int j = 0; j < h->value.cols; j++)
                sum += (double)*mat_at(h->value, i, j)
                       * (double)(m->config.tied ? *mat_at(e, v, j) : *mat_at(e, j, v));
            if (m->config.head == HEAD_MLM)
                sum += (double)params_value(&m->params, m->head_bias).at[v];
            *mat_at(y, i, v) = (real)(m->config.logit_scale * sum);
        }
    return y;
}

Test(model, a_model_is_its_equations) {
    static const int places[B * T] = {3, 0, 1, 2, 4, 0, 1, 1, 5, 2};
    // some hundred roundings of numbers up to 10
    double tolerance = sizeof(real) == 8 ? 1e-12 : 1e-4;
    for (size_t i = 0; i < sizeof small / sizeof *small; i++) {
        Model m = model_of(&small[i], 20 + i);
        const Config *c = &m.config;
        Tape *t = tape_new(&m.params);
        Tokens in = {.batch = B,
                     .time = T,
                     .tokens = tokens,
                     .segments = c->segments ? segments : NULL},
               from = {.batch = B, .time = S, .tokens = tokens, .lengths = lengths};
        if (c->position == POSITION_LEARNED) in.positions = places;
        if (c->family == FAMILY_ENCODER) in.lengths = lengths;
        Surroundings s = {
            .batch = B,
            .mask = {.causal = c->family != FAMILY_ENCODER, .key_lengths = in.lengths}};
        Node *y, *hand, *memory = NULL;
        if (c->family == FAMILY_ENCODER_DECODER) {
            Surroundings around = {.batch = B, .mask = {.key_lengths = lengths}};
            s.memory = stack_by_hand(t, &m, &m.encoder, embedding_by_hand(t, &m, &from),
                                     around),
            s.memory_mask = around.mask;
            memory = model_encode(t, &m, &from);
        }
        y = memory ? model_decode(t, &m, &in, memory, &from) : model_hidden(t, &m, &in);
        hand =
            stack_by_hand(t, &m, c->family == FAMILY_ENCODER ? &m.encoder : &m.decoder,
                          embedding_by_hand(t, &m, &in), s);
        cr_expect(largest_difference(y->value, hand->value) < tolerance, "%s: %g",
                  c->name, largest_difference(y->value, hand->value));
        if (c->head != HEAD_NONE) {
            Mat logits = logits_by_hand(t, &m, hand);
            cr_expect(
                largest_difference(model_logits(t, &m, y)->value, logits) < tolerance,
                "%s: logits", c->name);
        }
        if (c->pooler) {
            Mat w = params_value(&m.params, m.pooler.weight),
                pooled = model_pool(t, &m, y, &in)->value;
            for (int b = 0; b < B; b++)
                for (int k = 0; k < c->channels; k++) {
                    double sum = (double)params_value(&m.params, m.pooler.bias).at[k];
                    for (int j = 0; j < c->channels; j++)
                        sum += (double)*mat_at(hand->value, b * T, j)
                               * (double)*mat_at(w, j, k);
                    cr_expect_float_eq((double)*mat_at(pooled, b, k), tanh(sum),
                                       tolerance);
                }
        }
        tape_free(t), model_free(&m);
    }
}

// While training: the embeddings of both sides, and every F(x) of every block;
// otherwise nothing.
Test(model, dropout_is_everywhere_it_belongs) {
    Config c = small[11];
    c.dropout = 0.2;
    Model m = model_of(&c, 1);
    Tape *t = tape_new(&m.params);
    for (int training = 0; training < 2; training++) {
        OperationTime times[64];
        long calls = 0;
        tape_training(t, training, 1), tape_profile(t, true);
        tape_backward(t, build(t, &m));
        tape_training(t, training, 1), tape_profile(t, true);
        Tokens in = {.batch = B, .time = T, .tokens = tokens};
        Node *memory = model_encode(t, &m, &in),
             *h = model_decode(t, &m, &in, memory, &in);
        tape_backward(t, cross_entropy(t, model_logits(t, &m, h), targets));
        for (int i = 0, n = tape_times(t, times, 64); i < n; i++) {
            if (strcmp(times[i].name, "dropout") == 0) calls += times[i].calls;
            if (strcmp(times[i].name, "linear") == 0)
                cr_expect(times[i].forward > 0 && times[i].backward > 0
                          && times[i].calls == 2 * 6 + 10 + 1);
        }
        cr_expect_eq(calls, training ? 2 + 2 * 2 + 3 : 0, "%ld", calls);
        tape_reset(t);
    }
    tape_free(t), model_free(&m);
}

// ---- formulas, and their usual mistakes

// x' = norm(x + F(x)) for attention, then the encoder's output, then the feed-forward.
Test(model, cross_attention_stands_between) {
    Model m = model_of(&small[11], 6);
    const Block *b = &m.decoder.blocks[0];
    Rng rng = rng_new(1);
    Mat in = random_mat(&rng, T, 12, 1), other = random_mat(&rng, S, 12, 1);
    Tape *t = tape_new(&m.params);
    Surroundings s = {
        .batch = 1, .mask = {.causal = true}, .memory = constant_node(t, other)};
    Node *x = constant_node(t, in), *y = block(t, b, x, &s);
    x = norm(t, &b->norm_attention, add(t, x, self_attention(t, &b->attention, x, &s)));
    x = norm(t, &b->norm_cross, add(t, x, cross_attention(t, &b->cross, x, &s)));
    x = norm(t, &b->norm_ffn, add(t, x, ffn(t, &b->ffn, x)));
    cr_expect(largest_difference(x->value, y->value) < 1e-5);
    mat_free(in), mat_free(other), tape_free(t), model_free(&m);
}

// Scores are divided by sqrt(d), but in T5, which learns bias by distance instead; its
// encoder looks both ways.
Test(model, attention_has_the_scale_and_positions_of_its_config) {
    Model m = model_of(&small[6], 1), t5 = model_of(&small[13], 1);
    cr_expect_float_eq(m.decoder.blocks[1].attention.scale, 1 / sqrt(5), 1e-6);
    cr_expect_eq(t5.encoder.blocks[0].attention.scale, 1);
    cr_expect_eq(t5.decoder.blocks[0].attention.scale, 1);
    cr_expect_eq(t5.decoder.blocks[0].cross.scale, 1);
    cr_expect(!t5.encoder.position.spec.causal && t5.decoder.position.spec.causal);
    cr_expect_eq(t5.encoder.position.spec.furthest, 16);
    model_set_attend(&t5, NULL);
    cr_expect(!t5.encoder.blocks[1].attention.attend
              && !t5.decoder.blocks[0].attention.attend
              && !t5.decoder.blocks[0].cross.attend);
    model_free(&m), model_free(&t5);
    for (int k = 4; k < 6; k++) {  // RoPE and xPos
        Config c = small[k];
        c.rope.base = 500, c.rope.pairing = ROPE_HALF_SPLIT;
        m = model_of(&c, 1);
        cr_expect_eq(m.decoder.position.spec.rope.pairing, ROPE_HALF_SPLIT);
        if (k == 4)
            cr_expect_float_eq((double)*mat_at(m.decoder.position.query.cosine, 1, 2),
                               cos(pow(500, -4.0 / 6)), 1e-6);
        Rope rope = {.dim = 6, .base = 500};
        RopeTables tables = rope_tables_new(&rope, c.context);
        double ratio =
            (double)(*mat_at(tables.sine, 3, 2) / *mat_at(tables.cosine, 3, 2));
        cr_expect_float_eq((double)(*mat_at(m.decoder.position.query.sine, 3, 2)
                                    / *mat_at(m.decoder.position.query.cosine, 3, 2)),
                           ratio, 1e-5);
        rope_tables_free(tables), model_free(&m);
    }
}

// The matrices that write to a Pre-LN residual begin smaller, by the depth of their own
// stack; nobody else's.
Test(model, parameters_begin_as_wide_as_they_should) {
    Config gpt = *config_find("gpt2"), post = *config_find("gpt1"),
           t5 = *config_find("t5-small"), bert = *config_find("roberta-base"),
           narrow = *config_find("albert-base"), xavier = gpt;
    t5.decoder_layers = 3, narrow.init = xavier.init = INIT_XAVIER;
    const struct {
        const Config *c;
        const char *name;
        double sd;
    } expected[] = {{&gpt, "token.weight", 0.02},
                    {&gpt, "position.weight", 0.02},
                    {&gpt, "block.3.attention.query.weight", 0.02},
                    {&gpt, "block.3.attention.value.weight", 0.02},
                    {&gpt, "block.3.ffn.up.weight", 0.02},
                    {&gpt, "block.3.attention.out.weight", 0.02 / sqrt(24)},
                    {&gpt, "block.3.ffn.down.weight", 0.02 / sqrt(24)},
                    {&post, "block.3.ffn.down.weight", 0.02},
                    {&t5, "encoder.block.1.ffn.down.weight", 0.02 / sqrt(12)},
                    {&t5, "decoder.block.1.ffn.down.weight", 0.02 / sqrt(6)},
                    {&t5, "decoder.block.1.cross.out.weight", 0.02 / sqrt(6)},
                    // GPT-2's division by the layers is not Xavier's
                    {&xavier, "block.3.attention.out.weight", sqrt(2.0 / (768 + 768))},
                    {&xavier, "block.3.ffn.down.weight", sqrt(2.0 / (768 + 3072))},
                    {&narrow, "token.weight", 1 / sqrt(128)},
                    {&narrow, "position.weight", 1 / sqrt(128)},
                    {&narrow, "embedding_up.weight", sqrt(2.0 / (128 + 768))},
                    {&narrow, "block.0.ffn.up.weight", sqrt(2.0 / (768 + 3072))},
                    {&bert, "pooler.weight", 0.02}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        Model m;
        Error err;
        cr_assert(model_new(&m, expected[i].c, &err), "%s", err.text);
        int k = params_find(&m.params, expected[i].name);
        cr_assert(k >= 0, "%s", expected[i].name);
        cr_expect_float_eq(m.params.list[k].init.sd, expected[i].sd, 1e-12, "%s: %g",
                           expected[i].name, m.params.list[k].init.sd);
        if (m.segment >= 0)
            cr_expect(m.params.list[m.segment].decays,
                      "a table of one row is a matrix");
        model_free(&m);
    }
}

// Numbers of the papers and their code that no count of parameters shows.
Test(model, published_details) {
    static const struct {
        const char *name;
        double epsilon, scale, dropout;
        int offset;
        FfnKind ffn;
        NormPlace place;
    } details[] = {{"bert-base", 1e-12, 0, 0.1, 0, FFN_GELU, PLACE_POST},
                   {"roberta-base", 1e-12, 0, 0.1, 2, FFN_GELU, PLACE_POST},
                   {"albert-base", 1e-12, 0, 0.1, 0, FFN_GELU_TANH, PLACE_POST},
                   {"t5-small", 1e-6, 1, 0.1, 0, FFN_RELU, PLACE_PRE},
                   {"gpt1", 1e-5, 0, 0.1, 0, FFN_GELU_TANH, PLACE_POST},
                   {"gpt2", 1e-5, 0, 0.1, 0, FFN_GELU_TANH, PLACE_PRE},
                   {"transformer-base", 1e-5, 0, 0.1, 0, FFN_RELU, PLACE_POST},
                   {"llama-7b", 1e-5, 0, 0, 0, FFN_SWIGLU, PLACE_PRE}};
    for (size_t i = 0; i < sizeof details / sizeof *details; i++) {
        Config c = *config_find(details[i].name);
        Error err;
        cr_assert(config_complete(&c, &err), "%s", err.text);
        cr_expect(c.norm_epsilon == details[i].epsilon
                      && c.attention_scale == details[i].scale
                      && c.dropout == details[i].dropout,
                  "%s", c.name);
        cr_expect(c.position_offset == details[i].offset && c.ffn == details[i].ffn
                      && c.place == details[i].place,
                  "%s", c.name);
        cr_expect(c.rope.base == 10000 && c.buckets == 32 && c.furthest == 128, "%s",
                  c.name);
    }
    cr_expect_eq(config_small_gpt(V, T, 12, 1, 1).dropout, 0);
    Config none = {
        .vocabulary = V, .context = T, .channels = 12, .layers = 1, .heads = 2};
    Error err;
    cr_expect(config_complete(&none, &err) && none.rope.base == 10000);
    none.position = POSITION_ROPE, none.rope.scaling = ROPE_SCALING_PI,
    none.rope.factor = 1;
    cr_expect(config_complete(&none, &err), "a factor of 1 scales nothing");
    Params p = {0};  // biases of W_Q, W_K, W_V and of W_O are two questions
    AttentionLayer a =
        attention_layer_new(&p,
                            &(AttentionShape){12, 12, 2, 2, 6, 0, true, false,
                                              normal(1), normal(1), normal(1)},
                            "a");
    cr_expect(a.query.bias >= 0 && a.key.bias >= 0 && a.value.bias >= 0
              && a.out.bias < 0);
    params_free(&p);
}

// The norms keep the epsilon of the Config.
Test(model, norms_have_the_configs_epsilon) {
    for (int k = 8; k < 14; k += 5) {
        Model m = model_of(&small[k], 1);
        const Block *b = k == 8 ? &m.encoder.blocks[1] : &m.decoder.blocks[0];
        cr_expect_eq(b->norm_attention.epsilon, 1e-3);
        cr_expect_eq(b->norm_ffn.epsilon, 1e-3);
        cr_expect_eq(k == 8 ? m.embedding_norm.epsilon : m.decoder.final_norm.epsilon,
                     1e-3);
        if (k == 8) cr_expect_eq(m.head_norm.epsilon, 1e-3);
        Tape *t = tape_new(&m.params);  // and norm() uses it
        real x[12] = {0.01f};
        Mat gain = params_value(&m.params, b->norm_ffn.gain);
        mat_fill(gain, 1);
        if (b->norm_ffn.bias >= 0)
            mat_fill(params_value(&m.params, b->norm_ffn.bias), 0);
        double mean = k == 8 ? 0.01 / 12 : 0, square = 1e-4 / 12 - mean * mean;
        cr_expect_float_eq(
            (double)norm(t, &b->norm_ffn, constant_node(t, mat_view(x, 1, 12)))
                ->value.at[0],
            (0.01 - mean) / sqrt(square + 1e-3), 1e-6);
        tape_free(t), model_free(&m);
    }
    Params p = {0};
    cr_expect_eq(norm_new(&p, NORM_RMS, 4, true, 1e-5, "n").bias, -1,
                 "RMS norm has no bias");
    params_free(&p);
}

static double deviation(Mat rows) {  // of the first row, from its mean
    double mean = 0, squares = 0;
    for (int j = 0; j < rows.cols; j++) mean += (double)rows.at[j] / rows.cols;
    for (int j = 0; j < rows.cols; j++)
        squares += pow((double)rows.at[j] - mean, 2) / rows.cols;
    return sqrt(squares);
}

// The block as its equation says it, from the block's own parts; `wrong`: alpha on the
// other branch.
static Node *deepnorm_by_hand(Tape *t, const Block *b, Node *x, const Surroundings *s,
                              bool wrong) {
    double left = wrong ? 1 : b->alpha, right = wrong ? b->alpha : 1;
    x = norm(t, &b->norm_attention,
             add(t, scale(t, x, left),
                 scale(t, self_attention(t, &b->attention, x, s), right)));
    return norm(t, &b->norm_ffn,
                add(t, scale(t, x, left), scale(t, ffn(t, &b->ffn, x), right)));
}

Test(model, deepnorm_multiplies_the_residual_branch) {
    Config c = small[2];
    c.layers = 8;
    Model m = model_of(&c, 1);
    const Block *b = &m.decoder.blocks[0];
    cr_expect_float_eq(b->alpha, 2, 1e-12, "(2 x 8)^(1/4)");
    Rng rng = rng_new(1);
    Mat x = random_mat(&rng, T, 12, 1);
    Tape *t = tape_new(&m.params);
    Surroundings s = {.batch = 1, .mask = {.causal = true}};
    Mat y = block(t, b, constant_node(t, x), &s)->value;
    cr_expect(largest_difference(
                  y, deepnorm_by_hand(t, b, constant_node(t, x), &s, false)->value)
              < 1e-5);
    cr_expect(largest_difference(
                  y, deepnorm_by_hand(t, b, constant_node(t, x), &s, true)->value)
                  > 1e-2,
              "alpha on the wrong branch");
    mat_free(x), tape_free(t), model_free(&m);
}

Test(model, deepnorm_is_the_papers_table) {
    DeepNorm e = deepnorm(18, 0, false), d = deepnorm(0, 18, true),
             be = deepnorm(6, 6, false), bd = deepnorm(6, 6, true);
    cr_expect_float_eq(e.alpha, pow(36, 0.25), 1e-12);
    cr_expect_float_eq(e.beta, pow(144, -0.25), 1e-12);
    cr_expect_float_eq(d.alpha, e.alpha, 1e-12);
    cr_expect_float_eq(d.beta, e.beta, 1e-12);
    cr_expect_float_eq(be.alpha, 0.81 * pow(6, 5.0 / 16), 1e-12);
    cr_expect_float_eq(be.beta, 0.87 * pow(6, -5.0 / 16), 1e-12);
    DeepNorm uneven = deepnorm(6, 3, false);
    cr_expect_float_eq(uneven.alpha, 0.81 * pow(6 * 6 * 6 * 6 * 3, 1.0 / 16), 1e-12);
    cr_expect_float_eq(uneven.beta, 0.87 * pow(6 * 6 * 6 * 6 * 3, -1.0 / 16), 1e-12);
    uneven = deepnorm(6, 3, true);  // the decoder's own depth counts
    cr_expect_float_eq(uneven.alpha, pow(9, 0.25), 1e-12);
    cr_expect_float_eq(uneven.beta, pow(36, -0.25), 1e-12);
    Model m = model_of(&small[12], 1);
    cr_expect_eq(m.encoder.blocks[0].alpha, deepnorm(2, 2, false).alpha);
    cr_expect_eq(m.decoder.blocks[0].alpha, deepnorm(2, 2, true).alpha);
    model_free(&m);
    cr_expect_float_eq(bd.alpha, pow(18, 0.25), 1e-12);
    cr_expect_float_eq(bd.beta, pow(72, -0.25), 1e-12);
}

// beta is in W_V, W_O and the feed-forward, not in W_Q and W_K.
Test(model, deepnorm_beta_is_where_it_belongs) {
    Config c = small[2];
    c.layers = 50, c.channels = 64, c.heads = 4;
    Model m;
    Error err;
    cr_assert(model_new(&m, &c, &err), "%s", err.text);
    double xavier = sqrt(2.0 / 128), wide = sqrt(2.0 / (64 + 256)),
           beta = pow(400, -0.25);
    const struct {
        const char *name;
        double sd;
    } expected[] = {{"block.3.attention.query.weight", xavier},
                    {"block.3.attention.key.weight", xavier},
                    {"block.3.attention.value.weight", beta * xavier},
                    {"block.3.attention.out.weight", beta * xavier},
                    {"block.3.ffn.up.weight", beta * wide},
                    {"block.3.ffn.down.weight", beta * wide}};
    for (size_t i = 0; i < 6; i++) {
        int k = params_find(&m.params, expected[i].name);
        cr_assert(k >= 0, "%s", expected[i].name);
        cr_expect_float_eq(m.params.list[k].init.sd, expected[i].sd, 1e-12, "%s",
                           expected[i].name);
    }
    model_free(&m);
}

Test(model, post_and_pre_put_the_norm_where_they_say) {
    for (int k = 0; k < 2; k++) {
        Model m = model_of(&small[k], 1);
        Mat x = mat_new(T, 12);
        Rng rng = rng_new(2);
        rng_fill_normal(&rng, x, 50);
        for (int i = 0; i < m.params.count; i++)  // norms without gain and bias
            if (strstr(m.params.list[i].name, "norm"))
                mat_fill(params_value(&m.params, i),
                         strstr(m.params.list[i].name, "gain") ? 1 : 0);
        Tape *t = tape_new(&m.params);
        Surroundings s = {.batch = 1, .mask = {.causal = true}};
        double d =
            deviation(block(t, &m.decoder.blocks[0], constant_node(t, x), &s)->value);
        cr_expect(k == 0 ? fabs(d - 1) < 1e-2 : d > 10,
                  "Post-LN's output is normalised, Pre-LN's is not: %g", d);
        mat_free(x), tape_free(t), model_free(&m);
    }
}

// x + LN(F(LN(x))): two norms in each sub-layer, each with parameters of its own.
Test(model, sandwich_norms_before_and_after) {
    Config c = small[1];
    c.place = PLACE_SANDWICH, c.layers = 1;
    Model m = model_of(&c, 5);
    const Block *b = &m.decoder.blocks[0];
    Tape *t = tape_new(&m.params);
    Rng rng = rng_new(6);
    Mat in = random_mat(&rng, T, 12, 1);
    Node *x = constant_node(t, in);
    Surroundings s = {.batch = 1, .mask = {.causal = true}};
    Node *y = block(t, b, x, &s);
    x = add(t, x,
            norm(t, &b->after_attention,
                 self_attention(t, &b->attention, norm(t, &b->norm_attention, x), &s)));
    x = add(t, x, norm(t, &b->after_ffn, ffn(t, &b->ffn, norm(t, &b->norm_ffn, x))));
    cr_expect_eq(largest_difference(x->value, y->value), 0);
    cr_expect(params_find(&m.params, "block.0.norm2_after.bias") >= 0);
    mat_free(in), tape_free(t), model_free(&m);
}

Test(model, swiglu_has_two_thirds) {
    cr_expect_eq(ffn_hidden(FFN_SWIGLU, 4096, 256), 11008);
    cr_expect_eq(ffn_hidden(FFN_SWIGLU, 4096, 1), 10922);
    cr_expect_eq(ffn_hidden(FFN_SWIGLU, 5120, 256), 13824);
    cr_expect_eq(ffn_hidden(FFN_GELU, 768, 1), 3072);
    // As many weights as the layer it replaces; without the 2/3 it would be half as
    // many again.
    size_t size[2];
    for (int k = 0; k < 2; k++) {
        Params p = {0};
        FfnKind kind = k ? FFN_SWIGLU : FFN_RELU;
        ffn_new(&p, kind, 96, ffn_hidden(kind, 96, 1), false, normal(1), normal(1),
                "ffn");
        size[k] = p.size;
        params_free(&p);
    }
    cr_expect_eq(size[0], 8 * 96 * 96);
    cr_expect_eq(size[1], size[0]);
}

// SwiGLU's gate is what passes through SiLU.
Test(model, swiglu_gates) {
    Params p = {0};
    Ffn f = ffn_new(&p, FFN_SWIGLU, 1, 1, false, normal(1), normal(1), "ffn");
    params_allocate(&p);
    *params_value(&p, f.gate.weight).at = 2, *params_value(&p, f.up.weight).at = -3,
                      *params_value(&p, f.down.weight).at = 5;
    Tape *t = tape_new(&p);
    real x = 0.5f;
    Mat y = ffn(t, &f, constant_node(t, mat_view(&x, 1, 1)))->value;
    cr_expect_float_eq((double)*y.at, 5 * (1 / (1 + exp(-1.0))) * -1.5, 1e-5);
    tape_free(t), params_free(&p);
}

// The other three apply their function to x W1: GELU is the exact one.
Test(model, feed_forwards_do_as_they_say) {
    const double u = 0.5 * 2,
                 bent[] = {
                     u, u * 0.5 * erfc(-u * M_SQRT1_2),
                     u / 2 * (1 + tanh(sqrt(2 / M_PI) * (u + 0.044715 * u * u * u)))};
    for (int kind = FFN_RELU; kind <= FFN_GELU_TANH; kind++) {
        Params p = {0};
        Ffn f = ffn_new(&p, (FfnKind)kind, 1, 1, true, normal(1), normal(3), "ffn");
        cr_expect(p.list[f.up.weight].init.sd == 1
                  && p.list[f.down.weight].init.sd == 3);
        params_allocate(&p);
        *params_value(&p, f.up.weight).at = 2, *params_value(&p, f.down.weight).at = 5,
                          *params_value(&p, f.down.bias).at = 7;
        Tape *t = tape_new(&p);
        real x = 0.5f;
        cr_expect_float_eq(
            (double)*ffn(t, &f, constant_node(t, mat_view(&x, 1, 1)))->value.at,
            5 * bent[kind] + 7, 5e-6, "kind %d", kind);
        tape_free(t), params_free(&p);
    }
}

// The lecture's example, section 3.1: the unit adds to the last number if both the second
// and the third are there.
Test(model, the_block_that_the_lecture_does_by_hand) {
    const double normed[2][4] = {{1, 1 / 3.0, 1 / 3.0, -5 / 3.0},
                                 {1.26, 0.70, -0.98, -0.98}},
                 after[2][4] = {{4, 3, 3, 2}, {4, 3, 0, 0}};
    real before[8] = {4, 3, 3, 0, 4, 3, 0, 0};
    Params p = {0};
    Norm n = norm_new(&p, NORM_LAYER, 4, false, 1e-9, "norm");
    Ffn f = ffn_new(&p, FFN_RELU, 4, 1, true, normal(1), normal(1), "ffn");
    params_allocate(&p);
    mat_fill(params_value(&p, n.gain), 1);
    Mat up = params_value(&p, f.up.weight), down = params_value(&p, f.down.weight);
    *mat_at(up, 1, 0) = *mat_at(up, 2, 0) = 3, *mat_at(down, 0, 3) = 2;
    *params_value(&p, f.up.bias).at = -1;
    Tape *t = tape_new(&p);
    Node *x = constant_node(t, mat_view(before, 2, 4)), *y = norm(t, &n, x),
         *out = add(t, x, ffn(t, &f, y));
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 4; j++) {
            cr_expect_float_eq((double)*mat_at(y->value, i, j), normed[i][j], 5e-3);
            cr_expect_float_eq((double)*mat_at(out->value, i, j), after[i][j], 1e-5);
        }
    tape_free(t), params_free(&p);
}

// ---- what cannot be

static void expect_refused(Config c, const char *says) {
    Model m;
    Error err = {""};
    bool made = model_new(&m, &c, &err);
    cr_expect(!made && strstr(err.text, says) && !strchr(err.text, '\n'),
              "expected \"%s\", got \"%s\"", says, err.text);
    model_free(&m);
}

Test(model, configurations_that_cannot_be_are_refused) {
    Config good = small[0], c;
#define REFUSED(says, ...) (c = good, __VA_ARGS__, expect_refused(c, says))
    REFUSED("do not divide into 5 heads", c.heads = 5);
    REFUSED("do not divide among", c.kv_heads = 3);
    REFUSED("cross-attention needs", c.family = FAMILY_ENCODER, c.decoder_layers = 2,
            c.head = HEAD_NONE);
    REFUSED("cross-attention needs", c.decoder_layers = 2);
    REFUSED("without decoder_layers", c.family = FAMILY_ENCODER_DECODER);
    REFUSED("channels is -4", c.channels = -4);
    REFUSED("channels is 2147483647", c.channels = 2147483647);
    REFUSED("vocabulary is 0", c.vocabulary = 0);
    REFUSED("layers is 0", c.layers = 0);
    REFUSED("context is 0", c.context = 0);
    REFUSED("heads is 0", c.heads = 0);
    REFUSED("even head_dim", c.position = POSITION_ROPE, c.heads = 4);
    REFUSED("base above 1", c.position = POSITION_ROPE, c.rope.base = 0.5);
    REFUSED("even number of channels", c.position = POSITION_SINUSOIDAL, c.channels = 9,
            c.heads = 3);
    REFUSED("trained length", c.position = POSITION_ROPE,
            c.rope.scaling = ROPE_SCALING_YARN, c.rope.factor = 2);
    REFUSED("overflows", c.position = POSITION_XPOS, c.context = 1 << 24);
    REFUSED("multiple of 4", c.position = POSITION_T5, c.buckets = 6);
    REFUSED("RMS norm has no bias", c.norm = NORM_RMS);
    REFUSED("tied head needs", c.embedding_channels = 6);
    REFUSED("needs an encoder", c.pooler = true);
    REFUSED("needs an encoder", c.head = HEAD_MLM);
    REFUSED("dropout must", c.dropout = 1);
    REFUSED("dropout must", c.dropout = NAN);
    REFUSED("epsilon must", c.norm_epsilon = -1);
    REFUSED("unknown kind", c.ffn = (FfnKind)9);
    REFUSED("position offset", c.position_offset = 8);
    REFUSED("factor of at least 1", c.position = POSITION_ROPE,
            c.rope.scaling = ROPE_SCALING_PI, c.rope.factor = 0.5);
    REFUSED("head_dim of at least 4", c.position = POSITION_ROPE,
            c.rope.scaling = ROPE_SCALING_NTK, c.rope.factor = 2, c.head_dim = 2);
    REFUSED("furthest distance above", c.position = POSITION_T5, c.buckets = 8,
            c.furthest = 4);
    REFUSED("heads x head_dim", c.head_dim = 1 << 24);
    REFUSED("one stack", c.family = FAMILY_ENCODER_DECODER, c.decoder_layers = 1,
            c.shared_layers = true);
}
