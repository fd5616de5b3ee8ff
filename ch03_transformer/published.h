// The parameters of published models, counted from their shapes. Lecture, section 3.10.
//
// For a stack of width d with H heads of head_dim, H_kv key/value heads, and a
// feed-forward width of f:
//
//     attention     d H head_dim  +  2 d H_kv head_dim  +  H head_dim d       W_Q; W_K and W_V; W_O   (4 d^2)
//     feed-forward  2 d f, or 3 d f where a gate multiplies (SwiGLU, GeGLU)                          (8 d^2)
//     norm          2 d (LayerNorm: gain and bias) or d (RMSNorm)
//     embedding     V d, or factorised V e + e d (ALBERT)
//     positions     positions d (learned), buckets H a stack (T5), 0 (sinusoidal, RoPE)
//     head          V d where the output matrix is not the embedding (untied); d^2 + d for a pooler
//
// plus biases where a model has them. A count is a convention: which head, tied or not,
// padded vocabulary or not. Each row says its own, and, where somebody has published
// the integer, is equal to it.
#pragma once
#include <stdbool.h>

#include "ch03_transformer/config.h"

typedef struct {
    const char *name;      // "llama-7b", as typed
    int vocab, positions;  // rows of the two tables; positions 0: no table
    int segments;          // BERT's token types
    int embedding;         // e, where the embedding is factorised; 0: it is d
    int d, heads, kv_heads;
    int head_dim;        // 0: d / heads
    int ffn;             // f
    int ffn_matrices;    // 2, or 3 with a gate
    int encoder_layers;  // self-attention, feed-forward
    // the same; with cross-attention where there are encoder layers
    int decoder_layers;
    bool shared_layers;  // all layers are one (ALBERT)
    bool attention_bias, ffn_bias, rms_norm;
    int norms_per_sublayer;  // 2: Sandwich-LN
    int norms_outside;       // final norms, embedding norms
    int buckets;  // learned numbers per head and stack: T5's buckets, KERPLE's 2
    bool untied;  // the output matrix is its own
    bool pooler;  // BERT's d x d layer over [CLS]
    // the exact total as published; 0: only rounded figures are
    long long published;
    const char *convention;  // what is and is not counted, and whose number it is
} PublishedModel;

typedef struct {
    long long embedding, positions, attention, ffn, norms, head, total;
} ParameterCount;

// The one table of published models: what the chapter builds, and what it counts. What
// is counted: all that the paper's model has, without its training head where that is
// thrown away (BERT: with pooler, without the masked-language head).
typedef struct {
    Config config;  // not completed
    long long published;
    const char *convention;
} PublishedConfig;
extern const PublishedConfig published_configs[];  // the last one's name is NULL
const Config *config_find(const char *name);       // NULL: no such model

// A small GPT (Pre-LN, GELU, learned positions, tied), LLaMA (RMS norm, SwiGLU, RoPE)
// to start from.
Config config_small_gpt(int vocabulary, int context, int channels, int layers,
                        int heads);
Config config_small_llama(int vocabulary, int context, int channels, int layers,
                          int heads, int kv_heads);

// The same models as shapes; ends with {0}.
const PublishedModel *published_models(void);
// By name; case, '-', '_' and '.' do not matter. NULL: not there.
const PublishedModel *published_find(const char *name);
ParameterCount parameter_count(const PublishedModel *m);
// The same shapes, of a model that this chapter builds: config as config_complete left
// it. A masked-language head and a layer norm without biases have no place in the
// table: an assert.
PublishedModel published_of(const Config *c);

// ---- its parts, for accounting.c and chapters that count by themselves

int published_head_dim(const PublishedModel *m);
// encoder and decoder layers together
int published_layers(const PublishedModel *m);
// One attention (W_Q, W_K, W_V, W_O) and one feed-forward network: weights alone,
// without biases.
long long attention_weights_count(const PublishedModel *m);
long long ffn_weights_count(const PublishedModel *m);
// The token embedding: V d, or V e + e d where it is factorised; without the bias of
// the latter.
long long embedding_weights_count(const PublishedModel *m);
