// loses: 1, says: the gain's index is the head, keeps: 12
// One gain for all columns of a head.
#include "ch03_transformer/homework/hw03.h"
#define qk_norm solved_qk_norm
#include "../solution.c"
#undef qk_norm

Node *qk_norm(Tape *t, Node *x, Node *gain, double epsilon) {
    Node *out = solved_qk_norm(t, x, gain, epsilon);
    int dim = gain->value.cols;
    for (int i = 0; i < out->value.rows; i++)
        for (int c = 0; c < out->value.cols; c++)
            *mat_at(out->value, i, c) *=
                *mat_at(gain->value, 0, c / dim) / *mat_at(gain->value, 0, c % dim);
    return out;
}
