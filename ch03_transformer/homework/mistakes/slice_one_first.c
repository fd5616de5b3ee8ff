// loses: 2, says: the one made last, keeps: 13
// All slices keep their first column in one place.
#include "ch03_transformer/homework/hw03.h"
#define slice_cols solved_slice_cols
#include "../solution.c"
#undef slice_cols

Node *slice_cols(Tape *t, Node *x, int first, int count) {
    static int kept;
    Node *y = solved_slice_cols(t, x, first, count);
    kept = first, y->saved = &kept;
    return y;
}
