#include "ch03_transformer/linear.h"

#include <assert.h>

#include "ch03_transformer/parallel.h"

static void pull(Tape *t, Node *y) {
    Node *x = y->from[0], *w = y->from[1], *bias = y->from[2];
    grad_matmul(t, x, y->grad, mat_transpose(w->value));  // dx = dy W^T
    grad_matmul(t, w, mat_transpose(x->value), y->grad);  // dW = x^T dy
    if (wants_grad(bias)) rows_sum_add(grad_add(t, bias), y->grad);
}

static const Operation linear_operation = {"linear", pull};

static void add_to_rows(Mat y, const real *bias) {
#pragma omp parallel for if (worth_threads(y))
    for (int i = 0; i < y.rows; i++) {
        real *row = mat_at(y, i, 0);
        for (int j = 0; j < y.cols; j++) row[j] += bias[j];
    }
}

Node *matmul_node(Tape *t, Node *x, Node *w, Node *bias) {
    assert(x->value.cols == w->value.rows
           && "linear: x is not rows x in, or W not in x out");
    assert((!bias || (bias->value.rows == 1 && bias->value.cols == w->value.cols))
           && "linear: the bias is not 1 x out");
    Node *y = node_new(t, &linear_operation, x->value.rows, w->value.cols, x, w, bias);
    matmul(y->value, x->value, w->value);
    if (bias) add_to_rows(y->value, bias->value.at);
    tape_count_flops(t, 2.0 * x->value.rows * x->value.cols * w->value.cols);
    return y;
}

Linear linear_new(Params *p, int in, int out, bool bias, Init init, const char *name) {
    Linear l = {.bias = -1};
    l.weight = params_add(p, in, out, init, "%s.weight", name);
    if (bias) l.bias = params_add(p, 1, out, constant(0), "%s.bias", name);
    return l;
}

Node *linear(Tape *t, const Linear *l, Node *x) {
    assert(l->weight >= 0 && "linear: there is no such layer");
    Node *y =
        matmul_node(t, x, param(t, l->weight), l->bias < 0 ? NULL : param(t, l->bias));
    return l->adapt ? l->adapt(t, l, x, y) : y;
}
