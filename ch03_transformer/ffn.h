// The feed-forward layer: two linear layers with an activation function between them,
// each token by itself. Lecture, section 3.4.
//
//     ReLU, GELU      y = f(x W1 + b1) W2 + b2       d -> h -> d, usually h = 4 d:   2 d h weights
//     SwiGLU, GEGLU   y = (f(x Wg) * (x W1)) W2      d -> h, h -> d:                 3 d h weights
//
// f is SiLU in SwiGLU and GELU in GEGLU.
//
// SwiGLU's third matrix is paid for by a smaller h: 3 d h' = 2 d (4 d) gives h' = 8 d /
// 3, the 2/3 rule. LLaMA rounds that up to a multiple of 256: d = 4096 gives 10922.67
// and hence 11008.
//
// Shazeer, "GLU variants improve transformer" (2020), arXiv:2002.05202.
#pragma once
#include "ch03_transformer/activation.h"
#include "ch03_transformer/linear.h"

typedef enum {
    FFN_RELU,
    FFN_GELU,
    FFN_GELU_TANH,
    FFN_SWIGLU,
    FFN_GEGLU,
    FFN_KINDS
} FfnKind;

typedef struct {
    const char *name;  // "swiglu": in files and options
    ActivationKind activation;
    bool gated;  // f of a product of its own, G, multiplies
} FfnType;
extern const FfnType ffn_kinds[];  // by kind
const char *ffn_name(int kind);    // NULL: no such kind

typedef struct {
    FfnKind kind;
    Linear up, down, gate;  // gate: LINEAR_NONE where the kind has none
} Ffn;

// Parameters NAME.up.weight, NAME.down.weight, NAME.gate.weight and biases; init_down
// for the last matrix.
Ffn ffn_new(Params *p, FfnKind kind, int channels, int hidden, bool bias, Init init,
            Init init_down, const char *name);
Node *ffn(Tape *t, const Ffn *f, Node *x);  // rows x d -> rows x d

// The hidden width: 4 d, or 8 d / 3 of those with a gate, rounded up to a multiple of
// `multiple` (1: as it is). channels at most 2^26.
int ffn_hidden(FfnKind kind, int channels, int multiple);
