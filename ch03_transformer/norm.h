// Normalisation: each token's channels, brought to one scale. Lecture, section 3.3.
//
//     layer norm   y = (x - mean(x)) / s,   s^2 = var(x) + epsilon    over the d channels of ONE token, var with 1/d
//     RMS norm     y = x / s,               s^2 = mean(x^2) + epsilon
//     out = gain y + bias                                             gain, bias: 1 x d; RMS norm has no bias
//
//     layer norm   dx = (g - mean(g) - y mean(y g)) / s,   g = gain dout
//     RMS norm     dx = (g           - y mean(y g)) / s
//     dgain = sum over tokens of y dout,  dbias = sum over tokens of dout
//
// Ba, Kiros, Hinton (2016), arXiv:1607.06450; Zhang, Sennrich (2019), arXiv:1910.07467.
#pragma once
#include "ch03_transformer/tape.h"

typedef enum { NORM_LAYER, NORM_RMS, NORM_KINDS } NormKind;

// x (rows x d), gain and bias (1 x d; each may be NULL: all 1, all 0).
Node *layer_norm(Tape *t, Node *x, Node *gain, Node *bias, double epsilon);
Node *rms_norm(Tape *t, Node *x, Node *gain, double epsilon);

typedef struct {
    NormKind kind;
    int gain, bias;  // indices of parameters; bias -1: none
    double epsilon;
} Norm;

// Adds "NAME.gain" (ones) and, for layer norm if wanted, "NAME.bias" (zeros).
Norm norm_new(Params *p, NormKind kind, int channels, bool bias, double epsilon,
              const char *name);
Node *norm(Tape *t, const Norm *n, Node *x);  // rows x d -> rows x d
