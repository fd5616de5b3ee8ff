// Activations: y_ij = f(x_ij), dx_ij = f'(x_ij) dy_ij. Lecture, section 3.4.
//
//     relu         max(0, x)                                      1 where x > 0, else 0
//     gelu         x Phi(x),  Phi(x) = (1 + erf(x / sqrt 2)) / 2  Phi(x) + x phi(x),
//                                                                            phi(x) = e^(-x^2/2) / sqrt(2 pi)
//     gelu_tanh    x (1 + tanh u) / 2 = x sigmoid(2 u)            s + x s (1 - s) 2 u',  s = sigmoid(2 u)
//                  u = sqrt(2 / pi) (x + 0.044715 x^3)
//     silu         x s,  s = sigmoid(x)                           s + x s (1 - s)
//     tanh         tanh x                                         1 - tanh(x)^2
//     log_sigmoid  ln(1 / (1 + e^-x))                             sigmoid(-x)
//
// Hendrycks, Gimpel (2016), arXiv:1606.08415: GELU and its approximation, which GPT-1
// and 2 use. All are vectorised; float's erf is within 1 ulp (N. Juffa's polynomials),
// the others within a few. Only x is kept.
#pragma once
#include "ch03_transformer/tape.h"

typedef enum {
    ACTIVATION_RELU,
    ACTIVATION_GELU,
    ACTIVATION_GELU_TANH,
    ACTIVATION_SILU,
    ACTIVATION_TANH,
    ACTIVATION_LOG_SIGMOID,
    ACTIVATION_KINDS
} ActivationKind;

typedef struct {
    const char *name;  // "gelu-tanh"
    // y = f(x), n numbers; y may be x. What generation runs, and node's forward.
    void (*row)(real *y, const real *x, int n);
    Node *(*node)(Tape *t, Node *x);
    // f(x) * by, number by number: product(t, f(x), by) without keeping f(x)
    Node *(*gated)(Tape *t, Node *x, Node *by);
} Activation;
extern const Activation activation_kinds[];  // by kind

Node *relu(Tape *t, Node *x);
Node *gelu(Tape *t, Node *x);
Node *gelu_tanh(Tape *t, Node *x);
Node *silu(Tape *t, Node *x);
Node *tanh_node(Tape *t, Node *x);
Node *log_sigmoid(Tape *t, Node *x);
