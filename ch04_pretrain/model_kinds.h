// Small models of the field's families, to be trained here. Lecture, section 4.11.
//
//     auto    the first below of the objective's family
//     llama   decoder   Pre-LN, RMS norm, SwiGLU, RoPE
//     gpt2    decoder   Pre-LN, layer norm, GELU, learned positions
//     bert    encoder   Post-LN, layer norm, GELU, learned positions, MLM head
//     t5      encoder-decoder   Pre-LN, RMS norm, ReLU, T5's buckets
//
// Matrices begin with the standard deviation of Xavier's rule. GPT-2's 0.02 is right for
// 768 channels (1/sqrt(768) = 0.036) and far too small for 64: the first plateau of the
// loss then lasts two to three times as long.
#pragma once
#include "ch03_transformer/published.h"

typedef enum {
    MODEL_AUTO,
    MODEL_LLAMA,
    MODEL_GPT2,
    MODEL_BERT,
    MODEL_T5,
    MODEL_KINDS
} ModelKind;

typedef struct {
    const char *name;
    Family family;
    Config (*config)(int vocabulary, int context, int channels, int layers, int heads);
} ModelType;

extern const ModelType model_kinds[];
// MODEL_AUTO becomes a model of this family; learned_positions: that has these.
ModelKind model_kind_for(Family family, bool learned_positions);
const char *const *model_kind_names(void);  // ends with NULL
