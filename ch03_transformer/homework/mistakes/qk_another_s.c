// loses: 1, says: and here another's was taken, keeps: 7
// One s is kept per row, that of its last head.
#include "ch03_transformer/homework/hw03.h"
#define qk_norm solved_qk_norm
#include "../solution.c"
#undef qk_norm

Node *qk_norm(Tape *t, Node *x, Node *gain, double epsilon) {
    Node *out = solved_qk_norm(t, x, gain, epsilon);
    Mat inverse = *(Mat *)out->saved;
    for (int i = 0; i < inverse.rows; i++)
        mat_fill(mat_rows(inverse, i, 1), *mat_at(inverse, i, inverse.cols - 1));
    return out;
}
