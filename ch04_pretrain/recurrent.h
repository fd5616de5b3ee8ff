// A recurrent language model: what came before transformers. Lecture, section 4.11.
//
//     x_t = E[token_t]
//     h_t = tanh(x_t W + h_{t-1} U + b)        plain (Elman, 1990)
//     p(token_{t+1}) = softmax(h_t V + c)
//
//     token_1   token_2   token_3
//        v         v         v
//       [h] ----> [h] ----> [h] ---->          one vector carries all that was read
//        v         v         v
//     token_2   token_3   token_4
//
// All of the past has to pass through h, and its gradient through U once for each step.
// Mikolov et al., "Recurrent neural network based language model" (2010).
#pragma once
#include "ch03_transformer/tape.h"

typedef struct {
    Params params;
    int vocabulary, channels;
    int embedding, input, state, bias, output, output_bias;  // parameters
} Recurrent;

// Values are drawn, gradients allocated. It must not be moved.
void recurrent_new(Recurrent *r, int vocabulary, int channels, const Rng *rng);
void recurrent_free(Recurrent *r);

// tokens, targets: rows x time; each row begins with h = 0. -> 1 x 1: the mean of -ln p
// over all targets, nats; targets below 0 are IGNORED.
Node *recurrent_loss(Tape *t, const Recurrent *r, const int *tokens, const int *targets,
                     int rows, int time);
