#include "ch04_pretrain/recurrent.h"

#include <math.h>

#include "ch03_transformer/activation.h"
#include "ch03_transformer/arithmetic.h"
#include "ch03_transformer/cross_entropy.h"
#include "ch03_transformer/embedding.h"
#include "ch03_transformer/linear.h"
#include "ch04_pretrain/lstm.h"

// ---- the plain cell

enum { INPUT, STATE, BIAS };

static void plain_add(Params *p, int channels) {
    double sd = 1 / sqrt(channels);
    params_add(p, channels, channels, normal(sd), "input.weight");
    params_add(p, channels, channels, normal(sd), "state.weight");
    params_add(p, 1, channels, constant(0), "state.bias");
}

static CellState plain_step(Tape *t, const Recurrent *r, CellState before, Node *x) {
    Node *sum =
        matmul_node(t, x, param(t, r->first + INPUT), param(t, r->first + BIAS));
    if (before.h)
        sum = add(t, sum, matmul_node(t, before.h, param(t, r->first + STATE), NULL));
    return (CellState){.h = tanh_node(t, sum)};
}

const CellType cell_kinds[] = {
    [CELL_PLAIN] = {"plain", plain_add, plain_step},
    [CELL_LSTM] = {"lstm", lstm_add, lstm_step},
};
_Static_assert(sizeof cell_kinds / sizeof *cell_kinds == CELL_KINDS,
               "a cell without a line in the table");

// ---- the model

void recurrent_new(Recurrent *r, CellKind cell, int vocabulary, int channels,
                   const Rng *rng) {
    *r = (Recurrent){.cell = cell, .vocabulary = vocabulary, .channels = channels};
    Params *p = &r->params;
    r->embedding = params_add(p, vocabulary, channels, normal(1), "embedding");
    r->first = p->count;
    cell_kinds[cell].add(p, channels);
    r->output = params_add(p, channels, vocabulary, normal(1 / sqrt(channels)),
                           "output.weight");
    r->output_bias = params_add(p, 1, vocabulary, constant(0), "output.bias");
    params_allocate(p);
    params_init(p, rng);
    params_allocate_grads(p);
}

void recurrent_free(Recurrent *r) {
    params_free(&r->params);
    *r = (Recurrent){0};
}

// Column `at` of a rows x time table.
static const int *column(Tape *t, const int *table, int rows, int time, int at) {
    int *ids = tape_allocate(t, (size_t)rows * sizeof *ids);
    for (int i = 0; i < rows; i++) ids[i] = table[(size_t)i * time + at];
    return ids;
}

void recurrent_states(Tape *t, const Recurrent *r, const int *tokens, int rows,
                      int time, CellState *states) {
    CellState s = {0};
    for (int i = 0; i < time; i++) {
        const int *now = column(t, tokens, rows, time, i);
        Node *x = gather_rows(t, param(t, r->embedding), now, rows);
        s = states[i] = cell_kinds[r->cell].step(t, r, s, x);
    }
}

static int counted(const int *targets, int n) {
    int count = 0;
    for (int i = 0; i < n; i++) count += targets[i] >= 0;
    return count;
}

Node *recurrent_loss(Tape *t, const Recurrent *r, const int *tokens, const int *targets,
                     int rows, int time) {
    Node *loss = NULL;
    CellState *states = tape_allocate(t, (size_t)time * sizeof *states);
    int all = counted(targets, rows * time);
    recurrent_states(t, r, tokens, rows, time, states);
    for (int i = 0; i < time; i++) {
        const int *next = column(t, targets, rows, time, i);
        Node *logits =
            matmul_node(t, states[i].h, param(t, r->output), param(t, r->output_bias));
        double share = all ? (double)counted(next, rows) / all : 0;
        Node *part = scale(t, cross_entropy(t, logits, next), share);
        loss = loss ? add(t, loss, part) : part;
    }
    return loss;
}
