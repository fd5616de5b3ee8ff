// Models as configurations of one stack: what BERT, GPT-2, T5 and LLaMA differ in.
// Lecture, section 3.8.
//
// A Config is plain data; {0} with the sizes filled in is a decoder with ReLU, layer
// norm, Post-LN, no positions. config_complete refuses what cannot be, in one line.
#pragma once
#include "ch02_attention/position.h"
#include "ch03_transformer/block.h"
#include "common/error.h"

typedef enum {
    FAMILY_DECODER,
    FAMILY_ENCODER,
    FAMILY_ENCODER_DECODER,
    FAMILY_KINDS
} Family;
typedef enum {
    HEAD_LINEAR,  // logits = h W
    HEAD_NONE,    // hidden states only
    HEAD_MLM,     // BERT's: logits = norm(gelu(h W + b)) E^T + c
    HEAD_KINDS
} HeadKind;
typedef enum {
    // sd 0.02; with Pre-LN the matrices that write to the residual 0.02 / sqrt(2
    // layers) (GPT-2)
    INIT_NORMAL,
    INIT_XAVIER,  // sd sqrt(2 / (in + out)); DeepNorm's beta multiplies it
    INIT_KINDS
} InitKind;
// As files and options call them; NULL: no such kind.
const char *family_name(int kind);  // "encoder-decoder"
const char *head_name(int kind);    // "mlm"
const char *init_name(int kind);    // "xavier"

typedef struct {
    const char *name;
    Family family;
    int vocabulary;
    int context;  // most positions; the length of position tables
    int channels;
    int layers;           // of the only stack; encoder-decoder: of the encoder
    int decoder_layers;   // encoder-decoder's
    int heads, kv_heads;  // kv_heads 0: heads
    int head_dim;         // 0: channels / heads
    int hidden;           // of the feed-forward; 0: ffn_hidden(ffn, channels, 1)
    FfnKind ffn;
    NormKind norm;
    NormPlace place;
    double norm_epsilon;  // 0: 1e-5
    bool final_norm;      // after the last block (Pre-LN needs it)
    PositionKind position;
    Rope rope;              // base 0: 10000; dim is filled in
    int buckets, furthest;  // T5; 0: 32, 128
    // RoBERTa: token i of a sequence has row i + 2; context counts rows
    int position_offset;
    // a second id for each token: BERT's sentence (2), GLM's place in its span; 0: none
    int segments;
    int embedding_channels;  // ALBERT: narrower, then projected up; 0: channels
    bool embedding_norm;     // after the embeddings (BERT)
    // token embeddings times this; 0: 1 (the original: sqrt(channels))
    double embedding_scale;
    double logit_scale;      // 0: 1 (T5: 1 / sqrt(channels))
    double attention_scale;  // 0: 1 / sqrt(head_dim) (T5: 1)
    bool attention_bias, ffn_bias, norm_bias;
    bool tied;           // the head's matrix is the token embedding
    bool shared_layers;  // ALBERT: one block, applied `layers` times
    HeadKind head;
    bool pooler;  // BERT: tanh(h_0 W + b)
    InitKind init;
    double dropout;
} Config;

// The positions of a stack of such a model; causal: of a decoder.
PositionSpec config_position(const Config *c, bool causal);

// Fills in what is 0 and has a default; then checks. false: *err says what is wrong.
bool config_complete(Config *c, Error *err);
