// loses: 2, says: one's gradient is gone, keeps: 13
// The slice's columns of the gradient are written, not added to.
#include "ch03_transformer/homework/hw03.h"
#define slice_cols solved_slice_cols
#include "../solution.c"
#undef slice_cols

static void wrong_pull(Tape *t, Node *y) {
    mat_copy(mat_cols(grad_add(t, y->from[0]), *(int *)y->saved, y->value.cols),
             y->grad);
}

Node *slice_cols(Tape *t, Node *x, int first, int count) {
    static const Operation operation = {"slice cols", wrong_pull};
    Node *y = solved_slice_cols(t, x, first, count);
    y->op = &operation;
    return y;
}
