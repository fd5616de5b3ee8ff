#include "ch03_transformer/model.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ch03_transformer/activation.h"
#include "ch03_transformer/arithmetic.h"
#include "ch03_transformer/deepnorm.h"
#include "ch03_transformer/dropout.h"
#include "ch03_transformer/embedding.h"
#include "ch03_transformer/head_loss.h"
#include "ch03_transformer/segment.h"
#include "common/numeric/small.h"

// ---- how the parameters begin

static Init matrix_init(const Config *c, int in, int out, double gain) {
    return normal(gain * (c->init == INIT_XAVIER ? sqrt(2.0 / (in + out)) : 0.02));
}

static Init embedding_init(const Config *c) {
    return normal(c->init == INIT_XAVIER ? 1 / sqrt(c->embedding_channels) : 0.02);
}

// What writes to the residual: where 2 x layers of these are summed, GPT-2 keeps the
// sum's variance.
static double out_gain(const Config *c, int layers) {
    return c->init == INIT_NORMAL && place_kinds[c->place].sums ? 1 / sqrt(2.0 * layers)
                                                                : 1;
}

// ---- parameters, by name and shape

static AttentionShape attention_shape(const Config *c, double gain, double gain_out) {
    int d = c->channels, wide = c->heads * c->head_dim,
        narrow = c->kv_heads * c->head_dim;
    return (AttentionShape){.channels = d,
                            .memory_channels = d,
                            .n_heads = c->heads,
                            .n_kv_heads = c->kv_heads,
                            .head_dim = c->head_dim,
                            .scale = c->attention_scale,
                            .bias = c->attention_bias,
                            .out_bias = c->attention_bias,
                            .init_qk = matrix_init(c, d, wide, 1),
                            .init_v = matrix_init(c, d, narrow, gain),
                            .init_out = matrix_init(c, wide, d, gain_out)};
}

static BlockShape block_shape(const Config *c, bool of_decoder) {
    bool both = c->family == FAMILY_ENCODER_DECODER;
    int layers = both && of_decoder ? c->decoder_layers : c->layers;
    DeepNorm dn = !place_kinds[c->place].has_alpha ? (DeepNorm){1, 1}
                  : both ? deepnorm(c->layers, c->decoder_layers, of_decoder)
                  : c->family == FAMILY_ENCODER ? deepnorm(c->layers, 0, false)
                                                : deepnorm(0, c->layers, true);
    double gain_out = dn.beta * out_gain(c, layers);
    return (BlockShape){
        .place = c->place,
        .alpha = dn.alpha,
        .dropout = c->dropout,
        .norm = c->norm,
        .norm_bias = c->norm_bias,
        .epsilon = c->norm_epsilon,
        .has_cross = both && of_decoder,
        .attention = attention_shape(c, dn.beta, gain_out),
        .cross = attention_shape(c, dn.beta, gain_out),
        .ffn = c->ffn,
        .hidden = c->hidden,
        .ffn_bias = c->ffn_bias,
        .init_ffn = matrix_init(c, c->channels, c->hidden, dn.beta),
        .init_ffn_down = matrix_init(c, c->hidden, c->channels, gain_out)};
}

// prefix: "" for a model of one stack, "encoder." or "decoder.".
static Stack stack_new(Params *p, const Config *c, bool of_decoder,
                       const char *prefix) {
    char name[64];
    Stack s = {.layers = of_decoder && c->family == FAMILY_ENCODER_DECODER
                             ? c->decoder_layers
                             : c->layers,
               .final_norm = NORM_NONE,
               .position_param = -1};
    BlockShape shape = block_shape(c, of_decoder);
    PositionSpec spec = config_position(c, of_decoder);
    PositionParameters learned = position_parameters(&spec);
    if (learned.rows && position_place(c->position) != POSITION_AT_INPUT)
        s.position_param =
            params_add(p, learned.rows, learned.cols, (Init){learned.mean, learned.sd},
                       "%sposition.%s", prefix, learned.name);
    int blocks = c->shared_layers ? 1 : s.layers;
    s.blocks = allocate((size_t)blocks, sizeof *s.blocks);
    for (int i = 0; i < blocks; i++) {
        snprintf(name, sizeof name, "%sblock.%d", prefix, i);
        s.blocks[i] = block_new(p, &shape, name);
    }
    snprintf(name, sizeof name, "%sfinal_norm", prefix);
    if (c->final_norm)
        s.final_norm =
            norm_new(p, c->norm, c->channels, c->norm_bias, c->norm_epsilon, name);
    return s;
}

static void embeddings_new(Model *m) {
    const Config *c = &m->config;
    Params *p = &m->params;
    int e = c->embedding_channels;
    m->token = params_add(p, c->vocabulary, e, embedding_init(c), "token.weight");
    PositionSpec spec = config_position(c, true);
    PositionParameters learned = position_parameters(&spec);
    // at the input: an embedding like any other
    if (learned.rows && position_place(c->position) == POSITION_AT_INPUT)
        m->position = params_add(p, learned.rows, learned.cols, embedding_init(c),
                                 "position.%s", learned.name);
    if (c->segments) {
        m->segment = params_add(p, c->segments, e, embedding_init(c), "segment.weight");
        p->list[m->segment].decays = true;  // a table even with one row
    }
    if (c->embedding_norm)
        m->embedding_norm =
            norm_new(p, c->norm, e, c->norm_bias, c->norm_epsilon, "embedding_norm");
    if (e != c->channels)
        m->embedding_up = linear_new(p, e, c->channels, true,
                                     matrix_init(c, e, c->channels, 1), "embedding_up");
}

static void head_new(Model *m) {
    const Config *c = &m->config;
    Params *p = &m->params;
    int d = c->channels, in = c->head == HEAD_MLM ? c->embedding_channels : d;
    if (c->head == HEAD_MLM) {
        m->head_dense =
            linear_new(p, d, in, true, matrix_init(c, d, in, 1), "head_dense");
        m->head_norm =
            norm_new(p, c->norm, in, c->norm_bias, c->norm_epsilon, "head_norm");
        m->head_bias = params_add(p, 1, c->vocabulary, constant(0), "head.bias");
    }
    if (c->head != HEAD_NONE && !c->tied)
        m->head = params_add(p, in, c->vocabulary, matrix_init(c, in, c->vocabulary, 1),
                             "head.weight");
    if (c->pooler)
        m->pooler = linear_new(p, d, d, true, matrix_init(c, d, d, 1), "pooler");
}

bool model_new(Model *m, const Config *config, Error *err) {
    *m = (Model){.config = *config,
                 .token = -1,
                 .position = -1,
                 .segment = -1,
                 .embedding_up = LINEAR_NONE,
                 .embedding_norm = NORM_NONE,
                 .head_dense = LINEAR_NONE,
                 .head_norm = NORM_NONE,
                 .head = -1,
                 .head_bias = -1,
                 .pooler = LINEAR_NONE};
    Config *c = &m->config;
    if (!config_complete(c, err)) return false;
    embeddings_new(m);
    bool both = c->family == FAMILY_ENCODER_DECODER;
    if (c->family != FAMILY_DECODER)
        m->encoder = stack_new(&m->params, c, false, both ? "encoder." : "");
    if (c->family != FAMILY_ENCODER)
        m->decoder = stack_new(&m->params, c, true, both ? "decoder." : "");
    head_new(m);
    return true;
}

// ---- memory

static Position position_of(const Model *m, const Stack *s, bool causal) {
    PositionSpec spec = config_position(&m->config, causal);
    int learned = s->position_param >= 0 ? s->position_param : m->position;
    return position_new(&spec,
                        learned < 0 ? (Mat){0} : params_value(&m->params, learned));
}

void model_allocate(Model *m, const Rng *rng) {
    params_allocate(&m->params);
    if (rng) params_init(&m->params, rng);
    if (m->encoder.layers) m->encoder.position = position_of(m, &m->encoder, false);
    if (m->decoder.layers) m->decoder.position = position_of(m, &m->decoder, true);
}

void model_free(Model *m) {
    position_free(&m->encoder.position), position_free(&m->decoder.position);
    free(m->encoder.blocks), free(m->decoder.blocks);
    params_free(&m->params);
    *m = (Model){0};
}

void model_set_attend(Model *m, AttendFunction *function) {
    Stack *stacks[] = {&m->encoder, &m->decoder};
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < stacks[k]->layers && (i == 0 || !m->config.shared_layers);
             i++)
            stacks[k]->blocks[i].attention.attend = stacks[k]->blocks[i].cross.attend =
                function;
}

// ---- forward

// ids[i] of every token, or their places 0 .. time-1, plus an offset.
static const int *ids_or_places(Tape *t, const Tokens *in, const int *ids, int offset) {
    int *copy = tape_allocate(t, (size_t)in->batch * in->time * sizeof *copy);
    for (int i = 0; i < in->batch * in->time; i++)
        copy[i] = offset + (ids ? ids[i] : i % in->time);
    return copy;
}

static Node *embed(Tape *t, const Model *m, const Tokens *in,
                   const Position *position) {
    const Config *c = &m->config;
    int n = in->batch * in->time;
    assert(in->batch > 0 && in->time > 0 && in->time <= c->context - c->position_offset
           && "model: more tokens than the context");
    Node *x = gather_rows(t, param(t, m->token), in->tokens, n);
    if (c->embedding_scale != 1) x = scale(t, x, c->embedding_scale);
    if (m->position >= 0)
        x = add(
            t, x,
            gather_rows(t, param(t, m->position),
                        ids_or_places(t, in, in->positions, c->position_offset), n));
    else if (position_place(position->kind) == POSITION_AT_INPUT)
        x = add_positions(t, x, position, in->batch);
    if (m->segment >= 0) {
        const int *zeros = tape_allocate(t, (size_t)n * sizeof *zeros);
        x = add(t, x,
                gather_rows(t, param(t, m->segment),
                            in->segments ? in->segments : zeros, n));
    }
    if (c->embedding_norm) x = norm(t, &m->embedding_norm, x);
    x = dropout(t, x, c->dropout);
    return c->embedding_channels == c->channels ? x : linear(t, &m->embedding_up, x);
}

static const int *copy_of(Tape *t, const int *ids, int n) {
    int *copy = tape_allocate(t, (size_t)n * sizeof *copy);
    for (int i = 0; i < n; i++) copy[i] = ids[i];
    return copy;
}

// Causal; with prefixes, keys before a sequence's prefix are seen by all its queries.
static Mask causal_or_prefix(Tape *t, const Tokens *in) {
    return in->prefixes ? (Mask){.prefixes = copy_of(t, in->prefixes, in->batch)}
                        : (Mask){.causal = true};
}

// Who is not there, or in another document.
static Mask padding(Tape *t, Mask mask, const Tokens *in) {
    if (in->firsts) {
        mask.firsts = copy_of(t, in->firsts, in->batch * in->time);
        mask.firsts_step = (size_t)in->time;
    }
    if (in->lengths) mask.key_lengths = copy_of(t, in->lengths, in->batch);
    return mask;
}

// Some of a stack's blocks.
typedef struct {
    const Stack *stack;
    bool shared;
    Surroundings surroundings;
    int first, count;
} Blocks;

static Node *blocks(Tape *t, Node *x, const void *some) {
    const Blocks *b = some;
    for (int i = b->first; i < b->first + b->count; i++)
        x = block(t, &b->stack->blocks[b->shared ? 0 : i], x, &b->surroundings);
    return x;
}

static Node *apply(Tape *t, const Model *m, const Stack *stack, Node *x,
                   Surroundings s) {
    if (stack->position_param >= 0) s.position_param = param(t, stack->position_param);
    if (stack->position.kind != POSITION_NONE) s.position = &stack->position;
    int every = tape_recomputes(t), n = every ? every : stack->layers;
    for (int i = 0; i < stack->layers; i += n) {
        Blocks *b = tape_allocate(t, sizeof *b);
        *b = (Blocks){stack, m->config.shared_layers, s, i,
                      int_min(n, stack->layers - i)};
        x = every ? segment(t, x, blocks, b) : blocks(t, x, b);
    }
    return m->config.final_norm ? norm(t, &stack->final_norm, x) : x;
}

Node *model_encode(Tape *t, const Model *m, const Tokens *in) {
    assert(m->encoder.layers && "model_encode: the model has no encoder");
    Surroundings s = {.batch = in->batch, .mask = padding(t, (Mask){0}, in)};
    return apply(t, m, &m->encoder, embed(t, m, in, &m->encoder.position), s);
}

Node *model_decode(Tape *t, const Model *m, const Tokens *in, Node *memory,
                   const Tokens *of) {
    assert(m->decoder.layers && "model_decode: the model has no decoder");
    assert(!memory == !of
           && "model_decode: memory and the tokens it was made of go together");
    Surroundings s = {.batch = in->batch,
                      .mask = padding(t, causal_or_prefix(t, in), in),
                      .memory = memory};
    if (of) {
        assert(of->batch == in->batch
               && "model_decode: another number of sequences than the encoder's");
        assert(!of->firsts && "model_decode: of packed documents there is no memory");
        s.memory_mask = padding(t, (Mask){0}, of);
    }
    return apply(t, m, &m->decoder, embed(t, m, in, &m->decoder.position), s);
}

Node *model_hidden(Tape *t, const Model *m, const Tokens *in) {
    assert(m->config.family != FAMILY_ENCODER_DECODER
           && "model_hidden: encode and decode an encoder-decoder");
    return m->config.family == FAMILY_ENCODER ? model_encode(t, m, in)
                                              : model_decode(t, m, in, NULL, NULL);
}

// What the output matrix multiplies.
static Node *head_input(Tape *t, const Model *m, Node *hidden) {
    const Config *c = &m->config;
    assert(c->head != HEAD_NONE && "model_logits: the model has no head");
    Node *h = hidden;
    if (c->head == HEAD_MLM)
        h = norm(t, &m->head_norm, gelu(t, linear(t, &m->head_dense, h)));
    return c->logit_scale != 1 ? scale(t, h, c->logit_scale) : h;
}

static Node *head_weight(Tape *t, const Model *m) {
    return m->config.tied ? param_transposed(t, m->token) : param(t, m->head);
}

static Node *head_bias(Tape *t, const Model *m) {
    return m->head_bias < 0 ? NULL : param(t, m->head_bias);
}

Node *model_logits(Tape *t, const Model *m, Node *hidden) {
    Node *h = head_input(t, m, hidden);
    return matmul_node(t, h, head_weight(t, m), head_bias(t, m));
}

Node *model_loss(Tape *t, const Model *m, Node *hidden, const int *targets) {
    Node *h = head_input(t, m, hidden);
    return linear_cross_entropy(t, h, head_weight(t, m), head_bias(t, m), targets);
}

Node *model_pool(Tape *t, const Model *m, Node *hidden, const Tokens *in) {
    assert(m->config.pooler && "model_pool: the model has no pooler");
    int *first = tape_allocate(t, (size_t)in->batch * sizeof *first);
    for (int b = 0; b < in->batch; b++) first[b] = b * in->time;
    return tanh_node(t,
                     linear(t, &m->pooler, gather_rows(t, hidden, first, in->batch)));
}
