// The linear layer, and the matrix product that it is made of. Lecture, section 3.2.
//
//     y = x W + b      x  rows x in,  W  in x out,  b  1 x out,  y  rows x out
//
//     dx = dy W^T      dW = x^T dy      db = sum of dy's rows
//
// Three products of one size: backward costs twice what forward costs. x is needed
// again for dW; y is not.
#pragma once
#include "ch03_transformer/tape.h"

// x (rows x in), w (in x out), bias (1 x out or NULL). w may be a param_transposed:
// tied weights.
Node *matmul_node(Tape *t, Node *x, Node *w, Node *bias);

typedef struct Linear Linear;
struct Linear {
    // indices of parameters; bias -1: none. weight -1: no layer at all
    int weight, bias;
    // NULL, or what becomes of y afterwards: a place for adapters (chapter 5's LoRA
    // adds x A B).
    Node *(*adapt)(Tape *t, const Linear *l, Node *x, Node *y);
    // with adapt: W (in x out) with the adapter in it, which does the same in one
    // product; NULL: the layer cannot be run by infer.h
    void (*fold)(Mat to, const Params *p, const Linear *l);
    void *adapter;
};
#define LINEAR_NONE ((Linear){.weight = -1, .bias = -1})

// Adds the parameters "NAME.weight" (in x out) and, if wanted, "NAME.bias" (zeros).
Linear linear_new(Params *p, int in, int out, bool bias, Init init, const char *name);
Node *linear(Tape *t, const Linear *l, Node *x);  // rows x in -> rows x out
