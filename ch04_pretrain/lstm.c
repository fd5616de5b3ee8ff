#include "ch04_pretrain/lstm.h"

#include <math.h>

#include "ch03_transformer/activation.h"
#include "ch03_transformer/arithmetic.h"
#include "ch03_transformer/linear.h"

enum { INPUT, STATE, BIAS, PER_GATE };

static const char *const gate_names[] = {"write", "keep", "show", "value"};
_Static_assert(sizeof gate_names / sizeof *gate_names == LSTM_GATES, "a gate's name");

void lstm_add(Params *p, int channels) {
    double sd = 1 / sqrt(channels);
    for (int gate = 0; gate < LSTM_GATES; gate++) {
        const char *name = gate_names[gate];
        params_add(p, channels, channels, normal(sd), "%s.input.weight", name);
        params_add(p, channels, channels, normal(sd), "%s.state.weight", name);
        params_add(p, 1, channels, constant(gate == GATE_KEEP ? LSTM_KEEP : 0),
                   "%s.bias", name);
    }
}

// s(x) = 1 / (1 + e^-x) = (1 + tanh(x / 2)) / 2
static Node *sigmoid(Tape *t, Node *x) {
    Mat half = tape_mat(t, 1, x->value.cols);
    mat_fill(half, (real)0.5);
    return add_bias(t, scale(t, tanh_node(t, scale(t, x, 0.5)), 0.5),
                    constant_node(t, half));
}

// x W + h U + b
static Node *gate_sum(Tape *t, const Recurrent *r, LstmGate gate, Node *x, Node *h) {
    int first = r->first + (int)gate * PER_GATE;
    Node *sum = matmul_node(t, x, param(t, first + INPUT), param(t, first + BIAS));
    return h ? add(t, sum, matmul_node(t, h, param(t, first + STATE), NULL)) : sum;
}

CellState lstm_step(Tape *t, const Recurrent *r, CellState before, Node *x) {
    Node *write = sigmoid(t, gate_sum(t, r, GATE_WRITE, x, before.h));
    Node *keep = sigmoid(t, gate_sum(t, r, GATE_KEEP, x, before.h));
    Node *show = sigmoid(t, gate_sum(t, r, GATE_SHOW, x, before.h));
    Node *value = tanh_node(t, gate_sum(t, r, GATE_VALUE, x, before.h));
    Node *c = product(t, write, value);
    if (before.c) c = add(t, product(t, keep, before.c), c);
    return (CellState){.h = product(t, show, tanh_node(t, c)), .c = c};
}
