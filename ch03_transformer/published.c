#include "ch03_transformer/published.h"

#include <assert.h>
#include <ctype.h>
#include <stddef.h>
#include <string.h>

// ---- the models

// GPT-2's four sizes differ in three numbers.
#define GPT2(title, width, depth, n_heads) \
    { \
        .name = title, .family = FAMILY_DECODER, .vocabulary = 50257, .context = 1024, \
        .channels = width, .layers = depth, .heads = n_heads, .ffn = FFN_GELU_TANH, \
        .norm = NORM_LAYER, .place = PLACE_PRE, .final_norm = true, \
        .position = POSITION_LEARNED, .attention_bias = true, .ffn_bias = true, \
        .norm_bias = true, .tied = true, .dropout = 0.1 \
    }

// BERT's two sizes, and what RoBERTa and ALBERT change.
#define BERT(width, depth, n_heads) \
    .family = FAMILY_ENCODER, .channels = width, .layers = depth, .heads = n_heads, \
    .norm = NORM_LAYER, .place = PLACE_POST, .norm_epsilon = 1e-12, \
    .position = POSITION_LEARNED, .embedding_norm = true, .attention_bias = true, \
    .ffn_bias = true, .norm_bias = true, .head = HEAD_NONE, .pooler = true, \
    .dropout = 0.1
#define ROBERTA \
    .vocabulary = 50265, .context = 514, .segments = 1, .position_offset = 2, \
    .ffn = FFN_GELU
#define ALBERT \
    .vocabulary = 30000, .context = 512, .segments = 2, .embedding_channels = 128, \
    .shared_layers = true, .ffn = FFN_GELU_TANH
// GPT-1's layer, and GLM's: layer norm and biases everywhere, one table of tokens.
#define BIASED \
    .norm = NORM_LAYER, .attention_bias = true, .ffn_bias = true, .norm_bias = true, \
    .tied = true

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
#define ROOT_1024 32.0

#define POOLER "encoder with pooler, without a task's head (Hugging Face's base model)"
#define GPT2_TIED "output tied to the embedding, so counted once; OpenAI's checkpoint"
#define LLAMA_UNTIED "output matrix untied, RoPE has no parameters; Meta's checkpoint"
#define T5_TIED "output tied, vocabulary padded to 32128; Google's checkpoint"

const PublishedConfig published_configs[] = {
    {ORIGINAL("transformer-base", 512, ROOT_512, 8), 0,
     "one matrix for both embeddings and the output, 'about 37000' tokens; the paper "
     "rounds: 65 million"},
    {ORIGINAL("transformer-big", 1024, ROOT_1024, 16), 0,
     "as transformer-base; the paper rounds: 213 million"},
    {{.name = "bert-base",
      .vocabulary = 30522,
      .context = 512,
      .segments = 2,
      .ffn = FFN_GELU,
      BERT(768, 12, 12)},
     109482240,
     "uncased; " POOLER},
    {{.name = "bert-large",
      .vocabulary = 30522,
      .context = 512,
      .segments = 2,
      .ffn = FFN_GELU,
      BERT(1024, 24, 16)},
     335141888,
     "uncased; " POOLER},
    {{.name = "roberta-base", ROBERTA, BERT(768, 12, 12)},
     124645632,
     "514 positions: two are never used; " POOLER},
    {{.name = "roberta-large", ROBERTA, BERT(1024, 24, 16)},
     355359744,
     "514 positions: two are never used; " POOLER},
    {{.name = "albert-base", ALBERT, BERT(768, 12, 12)},
     11683584,
     "layers shared, embedding factorised; " POOLER},
    {{.name = "albert-large", ALBERT, BERT(1024, 24, 16)},
     17683968,
     "layers shared, embedding factorised; " POOLER},
    {{.name = "albert-xxlarge", ALBERT, BERT(4096, 12, 64)},
     222595584,
     "layers shared, embedding factorised; " POOLER},
    {T5("t5-small", 512, ROOT_512, 6, 8, 2048), 60506624, T5_TIED},
    {T5("t5-base", 768, ROOT_768, 12, 12, 3072), 222903552, T5_TIED},
    {T5("t5-large", 1024, ROOT_1024, 24, 16, 4096), 737668096, T5_TIED},
    {{.name = "gpt1",
      .family = FAMILY_DECODER,
      .vocabulary = 40478,
      .context = 512,
      .channels = 768,
      .layers = 12,
      .heads = 12,
      .ffn = FFN_GELU_TANH,
      .place = PLACE_POST,
      .position = POSITION_LEARNED,
      BIASED,
      .dropout = 0.1},
     116534784,
     GPT2_TIED "; no final norm: post-LN"},
    {GPT2("gpt2", 768, 12, 12), 124439808, GPT2_TIED " (the paper's '117M' is wrong)"},
    {GPT2("gpt2-medium", 1024, 24, 16), 354823168, GPT2_TIED},
    {GPT2("gpt2-large", 1280, 36, 20), 774030080, GPT2_TIED},
    {GPT2("gpt2-xl", 1600, 48, 25), 1557611200, GPT2_TIED},
    // The mask is a matter of Tokens.prefixes; a token's second id is its place in its
    // span.
    {{.name = "glm-base",
      .family = FAMILY_DECODER,
      .vocabulary = 30592,
      .context = 513,
      .segments = 513,
      .channels = 768,
      .layers = 12,
      .heads = 12,
      .ffn = FFN_GELU_TANH,
      .place = PLACE_PRE,
      .final_norm = true,
      .position = POSITION_LEARNED,
      BIASED,
      .dropout = 0.1},
     0,
     "output tied; two tables of 513 positions"},
    {LLAMA("llama-7b", 2048, 4096, 32, 32, 32, 11008), 6738415616, LLAMA_UNTIED},
    {LLAMA("llama-13b", 2048, 5120, 40, 40, 40, 13824), 13015864320, LLAMA_UNTIED},
    {LLAMA("llama-33b", 2048, 6656, 60, 52, 52, 17920), 32528943616, LLAMA_UNTIED},
    {LLAMA("llama-65b", 2048, 8192, 80, 64, 64, 22016), 65285660672, LLAMA_UNTIED},
    {LLAMA("llama2-7b", 4096, 4096, 32, 32, 32, 11008), 6738415616, LLAMA_UNTIED},
    {LLAMA("llama2-13b", 4096, 5120, 40, 40, 40, 13824), 13015864320, LLAMA_UNTIED},
    {LLAMA("llama2-70b", 4096, 8192, 80, 64, 8, 28672), 68976648192,
     LLAMA_UNTIED "; 8 key/value heads"},
    {{.name = "chatglm-6b",
      .family = FAMILY_DECODER,
      .vocabulary = 130528,
      .context = 2048,
      .channels = 4096,
      .layers = 28,
      .heads = 32,
      .ffn = FFN_GELU_TANH,
      .place = PLACE_DEEPNORM,
      .final_norm = true,
      .position = POSITION_ROPE,
      .rope = {.base = 10000, .pairing = ROPE_HALF_SPLIT},
      BIASED},
     6173286400,
     "output tied, RoPE has no parameters; Tsinghua's checkpoint"},
    {{.name = "glm-130b",
      .family = FAMILY_DECODER,
      .vocabulary = 150528,
      .context = 2048,
      .channels = 12288,
      .layers = 70,
      .heads = 96,
      .hidden = 32768,
      .ffn = FFN_GEGLU,
      .place = PLACE_DEEPNORM,
      .final_norm = true,
      .position = POSITION_ROPE,
      .rope = {.base = 10000, .pairing = ROPE_HALF_SPLIT},
      BIASED},
     0,
     "output tied, vocabulary padded to 150528; the paper rounds: 130 billion"},
    {{0}, 0, NULL}};

enum { MODELS = sizeof published_configs / sizeof *published_configs };

const Config *config_find(const char *name) {
    for (const PublishedConfig *p = published_configs; p->config.name; p++)
        if (strcmp(p->config.name, name) == 0) return &p->config;
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

// The table's shapes, as they are counted: made once, from the configurations.
const PublishedModel *published_models(void) {
    static PublishedModel models[MODELS];
    for (int i = 0; i < MODELS - 1 && !models[MODELS - 2].name; i++) {
        Config c = published_configs[i].config;
        Error err = {""};
        bool complete = config_complete(&c, &err);
        assert(complete && "published_models: a model that cannot be");
        (void)complete;
        models[i] = published_of(&c);
        models[i].published = published_configs[i].published;
        models[i].convention = published_configs[i].convention;
    }
    return models;
}

// ---- finding

static const char *skip(const char *c) {
    while (*c == '-' || *c == '_' || *c == '.' || *c == ' ') c++;
    return c;
}

static bool same_name(const char *a, const char *b) {
    for (a = skip(a), b = skip(b);
         *a && tolower((unsigned char)*a) == tolower((unsigned char)*b);)
        a = skip(a + 1), b = skip(b + 1);
    return !*a && !*b;
}

const PublishedModel *published_find(const char *name) {
    static const char *const aliases[][2] = {{"gpt2-small", "gpt2"},
                                             {"gpt", "gpt1"},
                                             {"gpt2-124m", "gpt2"},
                                             {"llama-30b", "llama-33b"},
                                             {"transformer", "transformer-base"},
                                             {"llama1-7b", "llama-7b"}};
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (same_name(name, aliases[i][0])) name = aliases[i][1];
    for (const PublishedModel *m = published_models(); m->name; m++)
        if (same_name(name, m->name)) return m;
    return NULL;
}

PublishedModel published_of(const Config *c) {
    bool both = c->family == FAMILY_ENCODER_DECODER,
         encoder = c->family == FAMILY_ENCODER,
         at_input = position_place(c->position) == POSITION_AT_INPUT;
    PositionSpec spec = config_position(c, true);
    PositionParameters learned = position_parameters(&spec);
    assert(c->head != HEAD_MLM && (c->norm == NORM_RMS || c->norm_bias)
           && "published_of: a model that the table cannot describe");
    return (PublishedModel){
        .name = c->name,
        .vocab = c->vocabulary,
        .positions = at_input ? learned.rows : 0,
        .segments = c->segments,
        .embedding = c->embedding_channels == c->channels ? 0 : c->embedding_channels,
        .d = c->channels,
        .heads = c->heads,
        .kv_heads = c->kv_heads,
        .head_dim = c->head_dim,
        .ffn = c->hidden,
        .ffn_matrices = ffn_kinds[c->ffn].gated ? 3 : 2,
        .encoder_layers = both || encoder ? c->layers : 0,
        .decoder_layers = both      ? c->decoder_layers
                          : encoder ? 0
                                    : c->layers,
        .shared_layers = c->shared_layers,
        .attention_bias = c->attention_bias,
        .ffn_bias = c->ffn_bias,
        .rms_norm = c->norm == NORM_RMS,
        .norms_per_sublayer = place_kinds[c->place].norm_after ? 2 : 1,
        .norms_outside = (both ? 2 : 1) * c->final_norm + c->embedding_norm,
        .buckets = at_input ? 0 : learned.rows * learned.cols / c->heads,
        .untied = c->head == HEAD_LINEAR && !c->tied,
        .pooler = c->pooler};
}

// ---- counting

int published_head_dim(const PublishedModel *m) {
    return m->head_dim ? m->head_dim : m->d / m->heads;
}

int published_layers(const PublishedModel *m) {
    return m->encoder_layers + m->decoder_layers;
}

long long attention_weights_count(const PublishedModel *m) {
    long long d = m->d, q = (long long)m->heads * published_head_dim(m),
              kv = (long long)m->kv_heads * published_head_dim(m);
    return d * q + 2 * d * kv + q * d;
}

long long ffn_weights_count(const PublishedModel *m) {
    return (long long)m->ffn_matrices * m->d * m->ffn;
}

long long embedding_weights_count(const PublishedModel *m) {
    long long d = m->d, e = m->embedding;
    return e ? m->vocab * e + e * d : m->vocab * d;
}

static long long attention_count(const PublishedModel *m) {
    long long q = (long long)m->heads * published_head_dim(m),
              kv = (long long)m->kv_heads * published_head_dim(m);
    return attention_weights_count(m) + (m->attention_bias ? q + 2 * kv + m->d : 0);
}

static long long ffn_count(const PublishedModel *m) {
    return ffn_weights_count(m)
           + (m->ffn_bias ? (long long)(m->ffn_matrices - 1) * m->ffn + m->d : 0);
}

static long long norm_count(const PublishedModel *m, long long width) {
    return m->rms_norm ? width : 2 * width;
}

ParameterCount parameter_count(const PublishedModel *m) {
    ParameterCount c = {0};
    long long d = m->d, e = m->embedding ? m->embedding : d;
    bool cross = m->encoder_layers && m->decoder_layers;
    int stacks = cross ? 2 : 1, layers = m->shared_layers ? 1 : published_layers(m);
    // a decoder layer has two
    int attentions = layers + (cross ? m->decoder_layers : 0);
    c.embedding = embedding_weights_count(m) + (m->embedding ? d : 0);
    c.positions =
        (m->positions + m->segments) * e + (long long)stacks * m->buckets * m->heads;
    c.attention = attentions * attention_count(m);
    c.ffn = layers * ffn_count(m);
    c.norms = m->norms_per_sublayer * (attentions + layers) * norm_count(m, d);
    // ALBERT's is over e
    c.norms += m->norms_outside * norm_count(m, m->embedding ? e : d);
    c.head = (m->untied ? m->vocab * d : 0) + (m->pooler ? d * d + d : 0);
    c.total = c.embedding + c.positions + c.attention + c.ffn + c.norms + c.head;
    return c;
}
