// Long short-term memory: a cell with a way through time that nothing has to multiply.
// Lecture, section 4.30.
//
//     i = s(x W_i + h' U_i + b_i)     how much is written       s: sigmoid
//     f = s(x W_f + h' U_f + b_f)     how much is kept
//     o = s(x W_o + h' U_o + b_o)     how much is shown
//     g = tanh(x W_g + h' U_g + b_g)  what is written           h', c': those of before
//
//     c = f c' + i g                  number by number
//     h = o tanh(c)
//
//     c' -----(x f)----(+)-----------> c       along this line the gradient is multiplied
//                       | i g                  by f, one number per channel, and by no
//     h', x --> i f o g-'                      matrix
//
// b_f begins with LSTM_KEEP, so that f = s(b_f) = 0.88 and much is kept before anything is
// learned. Hochreiter, Schmidhuber, "Long short-term memory" (1997); the forget gate: Gers,
// Schmidhuber, Cummins (2000); its bias: Jozefowicz, Zaremba, Sutskever (2015).
#pragma once
#include "ch04_pretrain/recurrent.h"

#define LSTM_KEEP 2.0

typedef enum { GATE_WRITE, GATE_KEEP, GATE_SHOW, GATE_VALUE, LSTM_GATES } LstmGate;

// Parameters "write.input.weight", "write.state.weight", "write.bias", and so on: those of
// a gate in a row.
void lstm_add(Params *p, int channels);
CellState lstm_step(Tape *t, const Recurrent *r, CellState before, Node *x);
