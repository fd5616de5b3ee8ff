#include "ch03_transformer/norm.h"

#include <assert.h>

#include "ch03_transformer/parallel.h"

// ---- the kinds

static const NormRows *const kinds[] = {
    [NORM_LAYER] = &layer_norm_rows, [NORM_RMS] = &rms_norm_rows};
_Static_assert(sizeof kinds / sizeof *kinds == NORM_KINDS,
               "a kind of norm without rows");

const NormRows *norm_rows(NormKind kind) {
    assert(kind < NORM_KINDS && "norm: no such kind");
    return kinds[kind];
}

const char *norm_name(int kind) {
    return 0 <= kind && kind < NORM_KINDS ? kinds[kind]->name : NULL;
}

// ---- on the tape

typedef struct {
    const NormRows *rows;
    Mat statistics;  // rows x rows->statistics
} Saved;

void norm_pull(Tape *t, Node *self) {
    Node *x = self->from[0], *gain = self->from[1], *bias = self->from[2];
    const Saved *s = self->saved;
    Mat value = x->value, dout = self->grad, dx = {0};
    bool add = false;
    if (wants_grad(x)) dx = grad_in_place(t, x, self, &add);
    Mat gain_parts = mat_new(wants_grad(gain) ? ROW_BLOCKS : 0, value.cols);
    Mat bias_parts = mat_new(wants_grad(bias) ? ROW_BLOCKS : 0, value.cols);
#pragma omp parallel for if (worth_threads(value))
    for (int b = 0; b < ROW_BLOCKS; b++)
        for (int i = block_first(value.rows, b); i < block_first(value.rows, b + 1);
             i++)
            s->rows->backward(dx.at ? mat_at(dx, i, 0) : NULL, add,
                              gain_parts.rows ? mat_at(gain_parts, b, 0) : NULL,
                              bias_parts.rows ? mat_at(bias_parts, b, 0) : NULL,
                              mat_at(dout, i, 0), mat_at(value, i, 0),
                              mat_at(s->statistics, i, 0), gain ? gain->value.at : NULL,
                              value.cols);
    if (wants_grad(gain)) parts_add(grad_add(t, gain), gain_parts);
    if (wants_grad(bias)) parts_add(grad_add(t, bias), bias_parts);
    mat_free(gain_parts), mat_free(bias_parts);
}

static Node *norm_node(Tape *t, NormKind kind, Node *x, Node *gain, Node *bias,
                       double epsilon) {
    const NormRows *rows = norm_rows(kind);
    Mat value = x->value;
    assert((!gain || (gain->value.rows == 1 && gain->value.cols == value.cols))
           && "norm: the gain is not 1 x d");
    assert((!bias || (bias->value.rows == 1 && bias->value.cols == value.cols))
           && "norm: the bias is not 1 x d");
    Node *out = node_new(t, &rows->operation, value.rows, value.cols, x, gain, bias);
    Saved *s = out->saved = tape_allocate(t, sizeof *s);
    *s = (Saved){rows, tape_mat(t, value.rows, rows->statistics)};
    Mat to = out->value;
#pragma omp parallel for if (worth_threads(value))
    for (int i = 0; i < value.rows; i++)
        rows->forward(mat_at(to, i, 0), mat_at(s->statistics, i, 0),
                      mat_at(value, i, 0), gain ? gain->value.at : NULL,
                      bias ? bias->value.at : NULL, value.cols, epsilon);
    return out;
}

Node *layer_norm(Tape *t, Node *x, Node *gain, Node *bias, double epsilon) {
    return norm_node(t, NORM_LAYER, x, gain, bias, epsilon);
}

Node *rms_norm(Tape *t, Node *x, Node *gain, double epsilon) {
    return norm_node(t, NORM_RMS, x, gain, NULL, epsilon);
}

// ---- with its parameters

Norm norm_new(Params *p, NormKind kind, int channels, bool bias, double epsilon,
              const char *name) {
    Norm n = {.kind = kind, .bias = -1, .epsilon = epsilon};
    n.gain = params_add(p, 1, channels, constant(1), "%s.gain", name);
    if (bias && norm_rows(kind)->has_bias)
        n.bias = params_add(p, 1, channels, constant(0), "%s.bias", name);
    return n;
}

Node *norm(Tape *t, const Norm *n, Node *x) {
    assert(n->gain >= 0 && "norm: there is none");
    return norm_node(t, n->kind, x, param(t, n->gain),
                     n->bias < 0 ? NULL : param(t, n->bias), n->epsilon);
}
