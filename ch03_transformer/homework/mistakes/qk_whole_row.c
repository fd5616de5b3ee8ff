// loses: 1, says: one mean for the whole row, keeps: 4
// The chapter's norm over all heads at once, with the gain laid out for each of them.
#include "ch03_transformer/homework/hw03.h"
#define qk_norm solved_qk_norm
#include "../solution.c"
#undef qk_norm

Node *qk_norm(Tape *t, Node *x, Node *gain, double epsilon) {
    Mat wide = tape_mat(t, 1, x->value.cols);
    for (int c = 0; c < wide.cols; c++)
        *mat_at(wide, 0, c) = *mat_at(gain->value, 0, c % gain->value.cols);
    return rms_norm(t, x, variable_node(t, wide), epsilon);
}
