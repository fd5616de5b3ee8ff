// Cells: the LSTM by its formulas in plain loops, gradients through time, padding.
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>

#include "ch03_transformer/tests/gradients.h"
#include "ch04_pretrain/recurrent.h"

enum { VOCABULARY = 5, CHANNELS = 3, ROWS = 2, TIME = 4 };

static const int tokens[ROWS * TIME] = {0, 3, 1, 4, 2, 2, 0, 1};
static const int targets[ROWS * TIME] = {3, 1, 4, 0, 2, 0, -1, 3};

static Node *loss_of(Tape *t, void *r) {
    return recurrent_loss(t, r, tokens, targets, ROWS, TIME);
}

Test(recurrent, gradients) {
    for (int cell = 0; cell < CELL_KINDS; cell++) {
        Recurrent r;
        Rng rng = rng_new(1);
        recurrent_new(&r, (CellKind)cell, VOCABULARY, CHANNELS, &rng);
        cr_assert_leq(gradient_error(&r.params, loss_of, &r, 12), gradient_tolerance(),
                      "%s", cell_kinds[cell].name);
        recurrent_free(&r);
    }
}

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

// One gate of one channel: x . W_j + h . U_j + b_j, parameters by name.
static double gate(const Recurrent *r, const char *name, const double *x,
                   const double *h, int j) {
    char full[64];
    double sum = 0;
    const char *parts[] = {"input.weight", "state.weight", "bias"};
    for (int part = 0; part < 3; part++) {
        snprintf(full, sizeof full, "%s.%s", name, parts[part]);
        Mat m = params_value(&r->params, params_find(&r->params, full));
        for (int i = 0; i < m.rows; i++)
            sum += (double)*mat_at(m, i, j) * (part == 0 ? x[i] : part == 1 ? h[i] : 1);
    }
    return sum;
}

Test(recurrent, lstm_by_its_formulas) {
    Recurrent r;
    Rng rng = rng_new(2);
    recurrent_new(&r, CELL_LSTM, VOCABULARY, CHANNELS, &rng);
    Tape *t = tape_new(&r.params);
    CellState states[TIME];
    recurrent_states(t, &r, tokens, ROWS, TIME, states);
    Mat table = params_value(&r.params, r.embedding);
    for (int row = 0; row < ROWS; row++) {
        double h[CHANNELS] = {0}, c[CHANNELS] = {0};
        for (int i = 0; i < TIME; i++) {
            double x[CHANNELS], next[CHANNELS];
            for (int j = 0; j < CHANNELS; j++)
                x[j] = (double)*mat_at(table, tokens[row * TIME + i], j);
            for (int j = 0; j < CHANNELS; j++) {
                c[j] = sigmoid(gate(&r, "keep", x, h, j)) * c[j]
                       + sigmoid(gate(&r, "write", x, h, j))
                             * tanh(gate(&r, "value", x, h, j));
                next[j] = sigmoid(gate(&r, "show", x, h, j)) * tanh(c[j]);
            }
            for (int j = 0; j < CHANNELS; j++) {
                h[j] = next[j];
                cr_assert_float_eq((double)*mat_at(states[i].h->value, row, j), h[j],
                                   sizeof(real) == 8 ? 1e-13 : 1e-5);
            }
        }
    }
    tape_free(t), recurrent_free(&r);
}

// What comes later changes nothing of what was read.
Test(recurrent, causal) {
    for (int cell = 0; cell < CELL_KINDS; cell++) {
        Recurrent r;
        Rng rng = rng_new(3);
        recurrent_new(&r, (CellKind)cell, VOCABULARY, CHANNELS, &rng);
        Tape *t = tape_new(&r.params);
        CellState one[TIME], two[TIME];
        int other[TIME] = {0, 3, 4, 4};
        recurrent_states(t, &r, tokens, 1, TIME, one);
        recurrent_states(t, &r, other, 1, TIME, two);
        cr_assert_eq(largest_difference(one[1].h->value, two[1].h->value), 0);
        cr_assert(largest_difference(one[3].h->value, two[3].h->value) > 0);
        tape_free(t), recurrent_free(&r);
    }
}
