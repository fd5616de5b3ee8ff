// loses: 2, says: right where x has one row, keeps: 13
// Rows of x's gradient are as far apart as the slice is wide.
#include "ch03_transformer/homework/hw03.h"
#define slice_cols solved_slice_cols
#include "../solution.c"
#undef slice_cols

static void narrow_pull(Tape *t, Node *y) {
    Mat grad = grad_add(t, y->from[0]);
    real *to = grad.at + *(int *)y->saved;
    for (int i = 0; i < y->value.rows; i++, to += y->value.cols)
        for (int c = 0; c < y->value.cols; c++) to[c] += *mat_at(y->grad, i, c);
}

Node *slice_cols(Tape *t, Node *x, int first, int count) {
    static const Operation operation = {"slice cols", narrow_pull};
    Node *y = node_of(t, &operation, mat_cols(x->value, first, count), x, NULL, NULL);
    y->saved = tape_allocate(t, sizeof first);
    *(int *)y->saved = first;
    return y;
}
