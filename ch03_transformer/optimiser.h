// Optimisers: how a gradient becomes a step. Lecture, section 3.9. g: the gradient, w:
// a parameter, lr: the learning rate.
//
//     SGD      u = momentum u + g
//              w -= lr u
//     Adam     m = b1 m + (1 - b1) g,   v = b2 v + (1 - b2) g^2
//              w -= lr m^ / (sqrt(v^) + epsilon),    m^ = m / (1 - b1^t),  v^ = v / (1 - b2^t)
//     AdamW    Adam, and w -= lr decay w             decoupled: decay stays out of m and v
//     Adam+L2  Adam with g + decay w instead of g    the contrast: large gradients decay less
//     Lion     w -= lr (sign(b1 m + (1 - b1) g) + decay w)
//              m = b2 m + (1 - b2) g                 one moment: 12 bytes per weight, not 16
//
// Only matrices decay (params.h: Param.decays); SGD and plain Adam with a decay: SGD
// adds decay w to g, Adam ignores it. Moments lie in the order of Params.grads. Kingma,
// Ba (2014), arXiv:1412.6980; Loshchilov, Hutter (2017), arXiv:1711.05101; Chen et al.
// (2023), arXiv:2302.06675 (Lion).
#pragma once
#include "ch03_transformer/params.h"

typedef enum {
    OPTIMISER_SGD,
    OPTIMISER_ADAM,
    OPTIMISER_ADAMW,
    OPTIMISER_ADAM_L2,
    OPTIMISER_LION,
    OPTIMISER_KINDS
} OptimiserKind;

const char *optimiser_name(int kind);  // "adamw"; NULL: no such kind

typedef struct {
    OptimiserKind kind;
    double beta1, beta2, epsilon;  // Adam's and Lion's; 0: 0.9, 0.999 (Lion 0.99), 1e-8
    double momentum;               // SGD's
    double decay;
} OptimiserSettings;

typedef struct {
    OptimiserSettings settings;  // with defaults filled in
    // params.grad_size each, NULL where the kind has no use for them: m is Adam's and
    // Lion's, and SGD's with momentum; v is Adam's
    real *m, *v;
    size_t size;
    long long step;  // t
} Optimiser;

// After params_allocate_grads.
Optimiser optimiser_new(const Params *p, OptimiserSettings settings);
void optimiser_free(Optimiser *o);
// reads the gradients, changes the values
void optimiser_step(Optimiser *o, Params *p, double rate);
// The same bits as params_shorten, optimiser_step and params_zero_grads, in one pass over
// memory: gradients are multiplied by a real, and zeroed when they have been read. factor
// 1: as they are.
void optimiser_step_clear(Optimiser *o, Params *p, double rate, double factor);
