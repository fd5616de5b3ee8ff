// One step of training on a small model, and what the tape counted: for the labs that
// account for operations and bytes.
#pragma once
#include "ch03_transformer/model.h"

// Names and shapes of the parameters only; model_allocate and params_allocate_grads are
// to follow. A config that cannot be ends the program.
void counted_model(Model *m, const Config *c);

// Tokens of one stack, or of an encoder (`source` of them a sequence) and a decoder.
typedef struct {
    int batch, time, source;
    int prefix;  // a decoder's first tokens, which see one another both ways; 0: causal
} StepShape;

typedef struct {
    long long forward, backward;             // operations
    long long activation_bytes, grad_bytes;  // after backward
} Counted;

// Forward, mean cross-entropy, backward: gradients are added to the model's.
Counted counted_step(const Model *m, StepShape shape);
