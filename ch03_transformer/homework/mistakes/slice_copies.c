// loses: 2, says: slice_cols made a copy, keeps: 14
// The columns are copied to memory of their own.
#include "ch03_transformer/homework/hw03.h"
#define slice_cols solved_slice_cols
#include "../solution.c"
#undef slice_cols

Node *slice_cols(Tape *t, Node *x, int first, int count) {
    Node *y = solved_slice_cols(t, x, first, count);
    Mat copy = tape_mat(t, x->value.rows, count);
    mat_copy(copy, y->value);
    y->value = copy;
    return y;
}
