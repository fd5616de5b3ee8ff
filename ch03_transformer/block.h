// A block: attention and feed-forward, each inside a residual connection with a norm.
// Lecture, sections 3.5 to 3.7.
//
//     Post-LN    x' = LN(x + F(x))             Vaswani et al. (2017); BERT, GPT-1
//     Pre-LN     x' = x + F(LN(x))             GPT-2, LLaMA; one more norm at the end of the stack
//     DeepNorm   x' = LN(alpha x + F(x))       Wang et al., "DeepNet" (2022), arXiv:2203.00555
//     Sandwich   x' = x + LN(F(LN(x)))         Ding et al., "CogView" (2021), arXiv:2105.13290; Gemma 2
//
// deepnorm.h has alpha and beta.
#pragma once
#include "ch03_transformer/attend.h"
#include "ch03_transformer/ffn.h"
#include "ch03_transformer/norm.h"

typedef enum {
    PLACE_POST,
    PLACE_PRE,
    PLACE_DEEPNORM,
    PLACE_SANDWICH,
    PLACE_KINDS
} NormPlace;

typedef struct {
    const char *name;  // "pre": in files and options
    bool has_alpha;    // x is scaled, and matrices begin with beta: deepnorm.h
    // x is passed on unchanged and F's are added to it: their sum grows, so GPT-2 begins
    // with smaller ones
    bool sums;
    bool norm_after;  // F's output has a norm of its own
} PlaceType;
extern const PlaceType place_kinds[];  // by kind
const char *place_name(int kind);      // NULL: no such kind

typedef struct {
    NormPlace place;
    double alpha;    // DeepNorm
    double dropout;  // of each F(x), while training
    bool has_cross;
    Norm norm_attention, norm_cross, norm_ffn;
    Norm after_attention, after_cross, after_ffn;  // NORM_NONE but for Sandwich-LN
    AttentionLayer attention, cross;
    Ffn ffn;
} Block;

typedef struct {
    NormPlace place;
    double alpha, dropout;
    NormKind norm;
    bool norm_bias;
    double epsilon;
    bool has_cross;
    AttentionShape attention, cross;
    FfnKind ffn;
    int hidden;
    bool ffn_bias;
    Init init_ffn, init_ffn_down;
} BlockShape;

// Parameters NAME.norm1.gain, NAME.attention.query.weight, ..., NAME.norm2 (cross),
// NAME.cross, NAME.norm3, NAME.ffn.up ...; Sandwich-LN's second ones are
// NAME.norm1_after.gain ...
Block block_new(Params *p, const BlockShape *shape, const char *name);
// B T x C -> B T x C
Node *block(Tape *t, const Block *b, Node *x, const Surroundings *s);
