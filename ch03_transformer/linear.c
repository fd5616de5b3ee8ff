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

// A row as a matrix of as many equal rows as one likes.
static Mat row_repeated(Mat row, int rows) {
    return (Mat){row.at, rows, row.cols, 0, row.col_stride};
}

Node *matmul_node(Tape *t, Node *x, Node *w, Node *bias) {
    assert(x->value.cols == w->value.rows
           && "linear: x is not rows x in, or W not in x out");
    assert((!bias || (bias->value.rows == 1 && bias->value.cols == w->value.cols))
           && "linear: the bias is not 1 x out");
    Node *y = node_new(t, &linear_operation, x->value.rows, w->value.cols, x, w, bias);
    if (bias)
        matmul_plus(y->value, row_repeated(bias->value, y->value.rows), x->value,
                    w->value);
    else matmul(y->value, x->value, w->value);
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
