// Recurrent language models: what came before transformers. Lecture, sections 4.11, 4.30.
//
//     x_t = E[token_t]
//     h_t = cell(x_t, h_{t-1})                  a cell of the table: plain, or LSTM (lstm.h)
//     p(token_{t+1}) = softmax(h_t V + c)
//
//     token_1   token_2   token_3
//        v         v         v
//       [h] ----> [h] ----> [h] ---->          one vector carries all that was read
//        v         v         v
//     token_2   token_3   token_4
//
//     plain     h_t = tanh(x_t W + h_{t-1} U + b)                          Elman (1990)
//
// All of the past has to pass through h, and a plain cell's gradient through U once for
// each step. Mikolov et al., "Recurrent neural network based language model" (2010).
#pragma once
#include "ch03_transformer/tape.h"

typedef enum { CELL_PLAIN, CELL_LSTM, CELL_KINDS } CellKind;

typedef struct {
    Params params;
    CellKind cell;
    int vocabulary, channels;
    // parameters; first: of the cell's own, which are in a row
    int embedding, first, output, output_bias;
} Recurrent;

// What goes from step to step, rows x channels each.
typedef struct {
    Node *h;  // NULL: nothing was read
    Node *c;  // what an LSTM keeps beside it; else NULL
} CellState;

typedef struct {
    const char *name;
    void (*add)(Params *p, int channels);  // its parameters
    // x: rows x channels; before.h NULL: all zeros
    CellState (*step)(Tape *t, const Recurrent *r, CellState before, Node *x);
} CellType;
extern const CellType cell_kinds[];

// Values are drawn, gradients allocated. It must not be moved.
void recurrent_new(Recurrent *r, CellKind cell, int vocabulary, int channels,
                   const Rng *rng);
void recurrent_free(Recurrent *r);

// tokens: rows x time; each row begins with h = 0. states[time]: after each token.
void recurrent_states(Tape *t, const Recurrent *r, const int *tokens, int rows,
                      int time, CellState *states);
// targets: rows x time -> 1 x 1: the mean of -ln p over all targets, nats; targets below
// 0 are IGNORED.
Node *recurrent_loss(Tape *t, const Recurrent *r, const int *tokens, const int *targets,
                     int rows, int time);
