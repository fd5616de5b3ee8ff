// loses: 2, says: hold old numbers, keeps: 13
// The rest of the gradient is left as it lies there.
#include "ch03_transformer/homework/hw03.h"
#define slice_cols solved_slice_cols
#include "../solution.c"
#undef slice_cols

static void wrong_pull(Tape *t, Node *y) {
    bool add_to;
    Mat grad = grad_write(t, y->from[0], &add_to);
    mat_add_scaled(mat_cols(grad, *(int *)y->saved, y->value.cols), 1, y->grad);
}

Node *slice_cols(Tape *t, Node *x, int first, int count) {
    static const Operation operation = {"slice cols", wrong_pull};
    Node *y = solved_slice_cols(t, x, first, count);
    y->op = &operation;
    return y;
}
