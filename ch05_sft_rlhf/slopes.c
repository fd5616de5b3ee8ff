#include "ch05_sft_rlhf/slopes.h"

#include <assert.h>
#include <string.h>

static void slopes_pull(Tape *t, Node *y) {
    const double *slopes = y->saved;
    double from = (double)*y->grad.at;
    Mat grad = grad_add(t, y->from[0]);
    for (int i = 0; i < grad.rows; i++) *mat_at(grad, i, 0) += (real)(from * slopes[i]);
}

static const Operation slopes_operation = {"loss of slopes", slopes_pull};

Node *loss_of_slopes(Tape *t, Node *x, double value, const double *slopes) {
    assert(x->value.cols == 1 && "loss_of_slopes: not one column");
    size_t bytes = (size_t)x->value.rows * sizeof *slopes;
    Node *y = node_new(t, &slopes_operation, 1, 1, x, NULL, NULL);
    y->saved = tape_allocate(t, bytes);
    memcpy(y->saved, slopes, bytes);
    *y->value.at = (real)value;
    return y;
}
