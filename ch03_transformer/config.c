#include "ch03_transformer/config.h"

#include <string.h>

// ---- the kinds' names

static const char *const family_names[] = {
    [FAMILY_DECODER] = "decoder",
    [FAMILY_ENCODER] = "encoder",
    [FAMILY_ENCODER_DECODER] = "encoder-decoder"};
static const char *const head_names[] = {
    [HEAD_LINEAR] = "linear", [HEAD_NONE] = "none", [HEAD_MLM] = "mlm"};
static const char *const init_names[] = {
    [INIT_NORMAL] = "normal", [INIT_XAVIER] = "xavier"};
_Static_assert(sizeof family_names / sizeof *family_names == FAMILY_KINDS,
               "a family's name");
_Static_assert(sizeof head_names / sizeof *head_names == HEAD_KINDS, "a head's name");
_Static_assert(sizeof init_names / sizeof *init_names == INIT_KINDS, "an init's name");

const char *family_name(int kind) {
    return 0 <= kind && kind < FAMILY_KINDS ? family_names[kind] : NULL;
}
const char *head_name(int kind) {
    return 0 <= kind && kind < HEAD_KINDS ? head_names[kind] : NULL;
}
const char *init_name(int kind) {
    return 0 <= kind && kind < INIT_KINDS ? init_names[kind] : NULL;
}

// ---- the family tree

// GPT-2's four sizes differ in three numbers.
#define GPT2(title, width, depth, n_heads) \
    { \
        .name = title, .family = FAMILY_DECODER, .vocabulary = 50257, .context = 1024, \
        .channels = width, .layers = depth, .heads = n_heads, .ffn = FFN_GELU_TANH, \
        .norm = NORM_LAYER, .place = PLACE_PRE, .final_norm = true, \
        .position = POSITION_LEARNED, .attention_bias = true, .ffn_bias = true, \
        .norm_bias = true, .tied = true, .dropout = 0.1 \
    }

// BERT, and what RoBERTa and ALBERT change.
#define BERT \
    .family = FAMILY_ENCODER, .channels = 768, .layers = 12, .heads = 12, \
    .norm = NORM_LAYER, .place = PLACE_POST, .norm_epsilon = 1e-12, \
    .position = POSITION_LEARNED, .embedding_norm = true, .attention_bias = true, \
    .ffn_bias = true, .norm_bias = true, .head = HEAD_NONE, .pooler = true, \
    .dropout = 0.1

#define LLAMA(title, length, width, depth, n_heads, n_kv_heads, wide) \
    { \
        .name = title, .family = FAMILY_DECODER, .vocabulary = 32000, \
        .context = length, .channels = width, .layers = depth, .heads = n_heads, \
        .kv_heads = n_kv_heads, .hidden = wide, .ffn = FFN_SWIGLU, .norm = NORM_RMS, \
        .place = PLACE_PRE, .final_norm = true, .position = POSITION_ROPE, .rope = { \
            .base = 10000, \
            .pairing = ROPE_INTERLEAVED \
        } \
    }

// No division by sqrt(d) in attention, but of the logits by sqrt(width), since the head
// is the embedding.
#define T5(title, width, root, depth, n_heads, wide) \
    { \
        .name = title, .family = FAMILY_ENCODER_DECODER, .vocabulary = 32128, \
        .context = 512, .channels = width, .layers = depth, .decoder_layers = depth, \
        .heads = n_heads, .head_dim = 64, .hidden = wide, .ffn = FFN_RELU, \
        .norm = NORM_RMS, .place = PLACE_PRE, .norm_epsilon = 1e-6, \
        .final_norm = true, .position = POSITION_T5, .attention_scale = 1, \
        .logit_scale = 1 / root, .tied = true, .dropout = 0.1 \
    }

// Vaswani et al.: projections without bias, the two embeddings and the head one matrix
// of 37000 rows; as an embedding it is multiplied by root, sqrt(width).
#define ORIGINAL(title, width, root, n_heads) \
    { \
        .name = title, .family = FAMILY_ENCODER_DECODER, .vocabulary = 37000, \
        .context = 1024, .channels = width, .layers = 6, .decoder_layers = 6, \
        .heads = n_heads, .ffn = FFN_RELU, .norm = NORM_LAYER, .place = PLACE_POST, \
        .position = POSITION_SINUSOIDAL, .embedding_scale = root, .ffn_bias = true, \
        .norm_bias = true, .tied = true, .init = INIT_XAVIER, .dropout = 0.1 \
    }

#define ROOT_512 22.627416997969522
#define ROOT_768 27.712812921102035

const Config config_models[] = {
    ORIGINAL("transformer-base", 512, ROOT_512, 8),
    ORIGINAL("transformer-big", 1024, 32.0, 16),
    {.name = "bert-base",
     .vocabulary = 30522,
     .context = 512,
     .segments = 2,
     .ffn = FFN_GELU,
     BERT},
    {.name = "roberta-base",
     .vocabulary = 50265,
     .context = 514,
     .segments = 1,
     .position_offset = 2,
     .ffn = FFN_GELU,
     BERT},
    {.name = "albert-base",
     .vocabulary = 30000,
     .context = 512,
     .segments = 2,
     .embedding_channels = 128,
     .shared_layers = true,
     .ffn = FFN_GELU_TANH,
     BERT},
    T5("t5-small", 512, ROOT_512, 6, 8, 2048),
    T5("t5-base", 768, ROOT_768, 12, 12, 3072),
    {.name = "gpt1",
     .family = FAMILY_DECODER,
     .vocabulary = 40478,
     .context = 512,
     .channels = 768,
     .layers = 12,
     .heads = 12,
     .ffn = FFN_GELU_TANH,
     .norm = NORM_LAYER,
     .place = PLACE_POST,
     .position = POSITION_LEARNED,
     .attention_bias = true,
     .ffn_bias = true,
     .norm_bias = true,
     .tied = true,
     .dropout = 0.1},
    GPT2("gpt2", 768, 12, 12),
    GPT2("gpt2-medium", 1024, 24, 16),
    GPT2("gpt2-large", 1280, 36, 20),
    GPT2("gpt2-xl", 1600, 48, 25),
    // The mask is a matter of Tokens.prefixes; a token's second id is its place in its
    // span.
    {.name = "glm-base",
     .family = FAMILY_DECODER,
     .vocabulary = 30592,
     .context = 513,
     .segments = 513,
     .channels = 768,
     .layers = 12,
     .heads = 12,
     .ffn = FFN_GELU_TANH,
     .norm = NORM_LAYER,
     .place = PLACE_PRE,
     .final_norm = true,
     .position = POSITION_LEARNED,
     .attention_bias = true,
     .ffn_bias = true,
     .norm_bias = true,
     .tied = true,
     .dropout = 0.1},
    LLAMA("llama-7b", 2048, 4096, 32, 32, 32, 11008),
    LLAMA("llama-13b", 2048, 5120, 40, 40, 40, 13824),
    LLAMA("llama-65b", 2048, 8192, 80, 64, 64, 22016),
    LLAMA("llama2-7b", 4096, 4096, 32, 32, 32, 11008),
    LLAMA("llama2-70b", 4096, 8192, 80, 64, 8, 28672),
    {0},
};

const Config *config_find(const char *name) {
    for (const Config *c = config_models; c->name; c++)
        if (strcmp(c->name, name) == 0) return c;
    return NULL;
}

Config config_small_gpt(int vocabulary, int context, int channels, int layers,
                        int heads) {
    Config c = GPT2("gpt", channels, layers, heads);
    c.vocabulary = vocabulary, c.context = context, c.dropout = 0;
    return c;
}

Config config_small_llama(int vocabulary, int context, int channels, int layers,
                          int heads, int kv_heads) {
    Config c = LLAMA("llama", context, channels, layers, heads, kv_heads, 0);
    c.vocabulary = vocabulary;
    return c;
}

// ---- what can be

enum { MOST = 1 << 24 };  // of any size: products of two stay far below 2^63

static void defaults(Config *c) {
    if (!c->name) c->name = "model";
    if (!c->kv_heads) c->kv_heads = c->heads;
    if (!c->head_dim && c->heads > 0 && c->channels % c->heads == 0)
        c->head_dim = c->channels / c->heads;
    if (!c->hidden && 0 < c->channels && c->channels <= MOST)
        c->hidden = ffn_hidden(c->ffn, c->channels, 1);
    if (!c->embedding_channels) c->embedding_channels = c->channels;
    if (c->norm_epsilon == 0) c->norm_epsilon = 1e-5;
    if (c->rope.base == 0) c->rope.base = 10000;
    if (!c->buckets) c->buckets = 32;
    if (!c->furthest) c->furthest = 128;
    if (c->embedding_scale == 0) c->embedding_scale = 1;
    if (c->logit_scale == 0) c->logit_scale = 1;
    c->rope.dim = c->head_dim;
}

static bool check_sizes(const Config *c, Error *err) {
    const struct {
        const char *what;
        int size, least;
    } sizes[] = {{"vocabulary", c->vocabulary, 1},
                 {"context", c->context, 1},
                 {"channels", c->channels, 1},
                 {"layers", c->layers, 1},
                 {"heads", c->heads, 1},
                 {"kv_heads", c->kv_heads, 1},
                 {"head_dim", c->head_dim, 0},
                 {"hidden", c->hidden, 1},
                 {"decoder_layers", c->decoder_layers, 0},
                 {"segments", c->segments, 0},
                 {"embedding_channels", c->embedding_channels, 1},
                 {"position_offset", c->position_offset, 0}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (sizes[i].size < sizes[i].least || sizes[i].size > MOST)
            return error_set(err, "%s: %s is %d: expected %d to %d", c->name,
                             sizes[i].what, sizes[i].size, sizes[i].least, MOST);
    return true;
}

static bool check_kinds(const Config *c, Error *err) {
    if (c->family >= FAMILY_KINDS || c->ffn >= FFN_KINDS || c->norm >= NORM_KINDS
        || c->place >= PLACE_KINDS || c->position >= POSITION_KINDS
        || c->head >= HEAD_KINDS || c->init >= INIT_KINDS)
        return error_set(err,
                         "%s: an unknown kind of family, feed-forward, norm, place, "
                         "position, head or init",
                         c->name);
    if (!(c->norm_epsilon > 0))
        return error_set(err, "%s: the norm's epsilon must be above 0", c->name);
    if (!(0 <= c->dropout && c->dropout < 1))
        return error_set(err, "%s: dropout must be in [0, 1)", c->name);
    return true;
}

static bool check_heads(const Config *c, Error *err) {
    if (!c->head_dim)
        return error_set(err, "%s: %d channels do not divide into %d heads", c->name,
                         c->channels, c->heads);
    if (c->heads % c->kv_heads)
        return error_set(err, "%s: %d heads do not divide among %d key-value heads",
                         c->name, c->heads, c->kv_heads);
    if ((double)c->heads * c->head_dim > MOST)
        return error_set(err, "%s: heads x head_dim is above %d", c->name, MOST);
    return true;
}

static bool check_family(const Config *c, Error *err) {
    bool both = c->family == FAMILY_ENCODER_DECODER;
    if (both && !c->decoder_layers)
        return error_set(err, "%s: an encoder-decoder without decoder_layers", c->name);
    if (!both && c->decoder_layers)
        return error_set(
            err,
            "%s: cross-attention needs an encoder-decoder: decoder_layers must be 0",
            c->name);
    if (both && c->shared_layers)
        return error_set(err, "%s: shared layers are for models of one stack", c->name);
    if (c->family != FAMILY_ENCODER && (c->pooler || c->head == HEAD_MLM))
        return error_set(err, "%s: a pooler or masked-language head needs an encoder",
                         c->name);
    if (c->norm == NORM_RMS && c->norm_bias)
        return error_set(err, "%s: RMS norm has no bias", c->name);
    if (c->head == HEAD_LINEAR && c->tied && c->embedding_channels != c->channels)
        return error_set(err, "%s: a tied head needs embeddings of %d channels, not %d",
                         c->name, c->channels, c->embedding_channels);
    return true;
}

PositionSpec config_position(const Config *c, bool causal) {
    return (PositionSpec){.kind = c->position,
                          .length = c->context,
                          .channels = c->embedding_channels,
                          .heads = c->heads,
                          .rope = c->rope,
                          .buckets = c->buckets,
                          .furthest = c->furthest,
                          .causal = causal};
}

static bool check_positions(const Config *c, Error *err) {
    Error why;
    for (int causal = 0; causal < 2; causal++) {
        PositionSpec spec = config_position(c, causal);
        if (!position_check(&spec, &why))
            return error_set(err, "%s: %s", c->name, why.text);
    }
    PositionSpec spec = config_position(c, true);
    PositionParameters learned = position_parameters(&spec);
    if ((double)learned.rows * learned.cols > 0x1p31)
        return error_set(err, "%s: positions of %d x %d numbers", c->name, learned.rows,
                         learned.cols);
    if (c->position_offset >= c->context)
        return error_set(err, "%s: a position offset of %d in a table of %d", c->name,
                         c->position_offset, c->context);
    return true;
}

bool config_complete(Config *c, Error *err) {
    defaults(c);
    return check_kinds(c, err) && check_sizes(c, err) && check_heads(c, err)
           && check_family(c, err) && check_positions(c, err);
}
