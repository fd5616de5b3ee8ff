#include "ch03_transformer/published.h"

#include <assert.h>
#include <ctype.h>
#include <stddef.h>

// Fields that a family's members share.
#define BERT_LIKE \
    .ffn_matrices = 2, .attention_bias = true, .ffn_bias = true, .norms_outside = 1, \
    .pooler = true
#define GPT_LIKE .ffn_matrices = 2, .attention_bias = true, .ffn_bias = true
#define LLAMA_LIKE \
    .vocab = 32000, .ffn_matrices = 3, .rms_norm = true, .norms_outside = 1, \
    .untied = true
#define T5_LIKE \
    .vocab = 32128, .ffn_matrices = 2, .rms_norm = true, .norms_outside = 2, \
    .buckets = 32, .head_dim = 64

#define POOLER "encoder with pooler, without a task's head (Hugging Face's base model)"
#define GPT2_TIED "output tied to the embedding, so counted once; OpenAI's checkpoint"
#define LLAMA_UNTIED "output matrix untied, RoPE has no parameters; Meta's checkpoint"
#define T5_TIED "output tied, vocabulary padded to 32128; Google's checkpoint"

const PublishedModel published_models[] = {
    {"transformer-base", .vocab = 37000, .d = 512, .heads = 8, .kv_heads = 8,
     .ffn = 2048, .ffn_matrices = 2, .encoder_layers = 6, .decoder_layers = 6,
     .ffn_bias = true,
     .convention = "one matrix for both embeddings and the output, 'about 37000' "
                   "tokens; the paper rounds: 65 million"},
    {"transformer-big", .vocab = 37000, .d = 1024, .heads = 16, .kv_heads = 16,
     .ffn = 4096, .ffn_matrices = 2, .encoder_layers = 6, .decoder_layers = 6,
     .ffn_bias = true,
     .convention = "as transformer-base; the paper rounds: 213 million"},
    {"bert-base", BERT_LIKE, .vocab = 30522, .positions = 512, .segments = 2, .d = 768,
     .heads = 12, .kv_heads = 12, .ffn = 3072, .encoder_layers = 12,
     .published = 109482240, .convention = "uncased; " POOLER},
    {"bert-large", BERT_LIKE, .vocab = 30522, .positions = 512, .segments = 2,
     .d = 1024, .heads = 16, .kv_heads = 16, .ffn = 4096, .encoder_layers = 24,
     .published = 335141888, .convention = "uncased; " POOLER},
    {"roberta-base", BERT_LIKE, .vocab = 50265, .positions = 514, .segments = 1,
     .d = 768, .heads = 12, .kv_heads = 12, .ffn = 3072, .encoder_layers = 12,
     .published = 124645632,
     .convention = "514 positions: two are never used; " POOLER},
    {"roberta-large", BERT_LIKE, .vocab = 50265, .positions = 514, .segments = 1,
     .d = 1024, .heads = 16, .kv_heads = 16, .ffn = 4096, .encoder_layers = 24,
     .published = 355359744,
     .convention = "514 positions: two are never used; " POOLER},
    {"albert-base", BERT_LIKE, .vocab = 30000, .positions = 512, .segments = 2,
     .embedding = 128, .d = 768, .heads = 12, .kv_heads = 12, .ffn = 3072,
     .encoder_layers = 12, .shared_layers = true, .published = 11683584,
     .convention = "layers shared, embedding factorised; " POOLER},
    {"albert-large", BERT_LIKE, .vocab = 30000, .positions = 512, .segments = 2,
     .embedding = 128, .d = 1024, .heads = 16, .kv_heads = 16, .ffn = 4096,
     .encoder_layers = 24, .shared_layers = true, .published = 17683968,
     .convention = "layers shared, embedding factorised; " POOLER},
    {"albert-xxlarge", BERT_LIKE, .vocab = 30000, .positions = 512, .segments = 2,
     .embedding = 128, .d = 4096, .heads = 64, .kv_heads = 64, .ffn = 16384,
     .encoder_layers = 12, .shared_layers = true, .published = 222595584,
     .convention = "layers shared, embedding factorised; " POOLER},
    {"t5-small", T5_LIKE, .d = 512, .heads = 8, .kv_heads = 8, .ffn = 2048,
     .encoder_layers = 6, .decoder_layers = 6, .published = 60506624,
     .convention = T5_TIED},
    {"t5-base", T5_LIKE, .d = 768, .heads = 12, .kv_heads = 12, .ffn = 3072,
     .encoder_layers = 12, .decoder_layers = 12, .published = 222903552,
     .convention = T5_TIED},
    {"t5-large", T5_LIKE, .d = 1024, .heads = 16, .kv_heads = 16, .ffn = 4096,
     .encoder_layers = 24, .decoder_layers = 24, .published = 737668096,
     .convention = T5_TIED},
    {"gpt1", GPT_LIKE, .vocab = 40478, .positions = 512, .d = 768, .heads = 12,
     .kv_heads = 12, .ffn = 3072, .decoder_layers = 12, .published = 116534784,
     .convention = GPT2_TIED "; no final norm: post-LN"},
    {"gpt2", GPT_LIKE, .vocab = 50257, .positions = 1024, .d = 768, .heads = 12,
     .kv_heads = 12, .ffn = 3072, .decoder_layers = 12, .norms_outside = 1,
     .published = 124439808, .convention = GPT2_TIED " (the paper's '117M' is wrong)"},
    {"gpt2-medium", GPT_LIKE, .vocab = 50257, .positions = 1024, .d = 1024, .heads = 16,
     .kv_heads = 16, .ffn = 4096, .decoder_layers = 24, .norms_outside = 1,
     .published = 354823168, .convention = GPT2_TIED},
    {"gpt2-large", GPT_LIKE, .vocab = 50257, .positions = 1024, .d = 1280, .heads = 20,
     .kv_heads = 20, .ffn = 5120, .decoder_layers = 36, .norms_outside = 1,
     .published = 774030080, .convention = GPT2_TIED},
    {"gpt2-xl", GPT_LIKE, .vocab = 50257, .positions = 1024, .d = 1600, .heads = 25,
     .kv_heads = 25, .ffn = 6400, .decoder_layers = 48, .norms_outside = 1,
     .published = 1557611200, .convention = GPT2_TIED},
    {"llama-7b", LLAMA_LIKE, .d = 4096, .heads = 32, .kv_heads = 32, .ffn = 11008,
     .decoder_layers = 32, .published = 6738415616, .convention = LLAMA_UNTIED},
    {"llama-13b", LLAMA_LIKE, .d = 5120, .heads = 40, .kv_heads = 40, .ffn = 13824,
     .decoder_layers = 40, .published = 13015864320, .convention = LLAMA_UNTIED},
    {"llama-33b", LLAMA_LIKE, .d = 6656, .heads = 52, .kv_heads = 52, .ffn = 17920,
     .decoder_layers = 60, .published = 32528943616, .convention = LLAMA_UNTIED},
    {"llama-65b", LLAMA_LIKE, .d = 8192, .heads = 64, .kv_heads = 64, .ffn = 22016,
     .decoder_layers = 80, .published = 65285660672, .convention = LLAMA_UNTIED},
    {"llama2-7b", LLAMA_LIKE, .d = 4096, .heads = 32, .kv_heads = 32, .ffn = 11008,
     .decoder_layers = 32, .published = 6738415616, .convention = LLAMA_UNTIED},
    {"llama2-13b", LLAMA_LIKE, .d = 5120, .heads = 40, .kv_heads = 40, .ffn = 13824,
     .decoder_layers = 40, .published = 13015864320, .convention = LLAMA_UNTIED},
    {"llama2-70b", LLAMA_LIKE, .d = 8192, .heads = 64, .kv_heads = 8, .ffn = 28672,
     .decoder_layers = 80, .published = 68976648192,
     .convention = LLAMA_UNTIED "; 8 key/value heads"},
    {"chatglm-6b", GPT_LIKE, .vocab = 130528, .d = 4096, .heads = 32, .kv_heads = 32,
     .ffn = 16384, .decoder_layers = 28, .norms_outside = 1, .published = 6173286400,
     .convention = "output tied, RoPE has no parameters; Tsinghua's checkpoint"},
    {"glm-130b", .vocab = 150528, .d = 12288, .heads = 96, .kv_heads = 96, .ffn = 32768,
     .ffn_matrices = 3, .decoder_layers = 70, .attention_bias = true, .ffn_bias = true,
     .norms_outside = 1,
     .convention =
         "output tied, vocabulary padded to 150528; the paper rounds: 130 billion"},
    {0}};

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
    for (const PublishedModel *m = published_models; m->name; m++)
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
        .ffn_matrices = c->ffn == FFN_SWIGLU ? 3 : 2,
        .encoder_layers = both || encoder ? c->layers : 0,
        .decoder_layers = both      ? c->decoder_layers
                          : encoder ? 0
                                    : c->layers,
        .shared_layers = c->shared_layers,
        .attention_bias = c->attention_bias,
        .ffn_bias = c->ffn_bias,
        .rms_norm = c->norm == NORM_RMS,
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
    // one a sub-layer
    c.norms = (attentions + layers) * norm_count(m, d);
    // ALBERT's is over e
    c.norms += m->norms_outside * norm_count(m, m->embedding ? e : d);
    c.head = (m->untied ? m->vocab * d : 0) + (m->pooler ? d * d + d : 0);
    c.total = c.embedding + c.positions + c.attention + c.ffn + c.norms + c.head;
    return c;
}
