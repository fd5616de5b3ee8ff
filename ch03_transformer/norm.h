// Normalisation: each token's channels, brought to one scale. Lecture, section 3.3.
//
//     layer norm   y = (x - mean(x)) / s,   s^2 = var(x) + epsilon      var with 1/d
//     RMS norm     y = x / s,               s^2 = mean(x^2) + epsilon
//     out = gain y + bias                   gain, bias: 1 x d; RMS norm has no bias
//
// mean and var are over the d channels of ONE token.
//
//     layer norm   dx = (g - mean(g) - y mean(y g)) / s,   g = gain dout
//     RMS norm     dx = (g           - y mean(y g)) / s
//     dgain = sum over tokens of y dout,  dbias = sum over tokens of dout
//
// Ba, Kiros, Hinton (2016), arXiv:1607.06450; Zhang, Sennrich (2019), arXiv:1910.07467.
#pragma once
#include "ch03_transformer/tape.h"

// A kind of norm works row by row; norm.c's table lists the kinds, layer_norm.c and
// rms_norm.c say what each does to a row of n channels. Training and inference run the
// same rows.
typedef enum { NORM_LAYER, NORM_RMS, NORM_KINDS } NormKind;

typedef struct {
    const char *name;     // "rms": in files and options
    Operation operation;  // the tape's: its name, and norm_pull
    bool has_bias;        // whether it may have one
    int statistics;       // numbers of a row that backward wants again
    // out = gain y + bias; gain and bias may be NULL. statistics: NULL, or to be filled.
    void (*forward)(real *out, real *statistics, const real *x, const real *gain,
                    const real *bias, int n, double epsilon);
    // dx = or (add) +=; gain_sum += y dout, bias_sum += dout. Each of the three may be
    // NULL.
    void (*backward)(real *dx, bool add, real *gain_sum, real *bias_sum,
                     const real *dout, const real *x, const real *statistics,
                     const real *gain, int n);
} NormRows;
void norm_pull(Tape *t, Node *self);
extern const NormRows layer_norm_rows, rms_norm_rows;
const NormRows *norm_rows(NormKind kind);
const char *norm_name(int kind);  // NULL: no such kind

// x (rows x d), gain and bias (1 x d; each may be NULL: all 1, all 0).
Node *layer_norm(Tape *t, Node *x, Node *gain, Node *bias, double epsilon);
Node *rms_norm(Tape *t, Node *x, Node *gain, double epsilon);

typedef struct {
    NormKind kind;
    int gain, bias;  // indices of parameters; bias -1: none. gain -1: no norm at all
    double epsilon;
} Norm;
#define NORM_NONE ((Norm){.gain = -1, .bias = -1})

// Adds "NAME.gain" (ones) and, where the kind has one and it is wanted, "NAME.bias"
// (zeros).
Norm norm_new(Params *p, NormKind kind, int channels, bool bias, double epsilon,
              const char *name);
Node *norm(Tape *t, const Norm *n, Node *x);  // rows x d -> rows x d
