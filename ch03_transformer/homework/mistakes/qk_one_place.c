// loses: 1, says: right where qk_norm is called once, keeps: 13
// What backward needs lies in one place for all calls.
#include "ch03_transformer/homework/hw03.h"
#define qk_norm solved_qk_norm
#include "../solution.c"
#undef qk_norm

Node *qk_norm(Tape *t, Node *x, Node *gain, double epsilon) {
    static real inverse[64];
    Node *out = solved_qk_norm(t, x, gain, epsilon);
    Mat *kept = out->saved;
    for (int i = 0; i < kept->rows; i++)
        for (int h = 0; h < kept->cols; h++)
            inverse[i * kept->cols + h] = *mat_at(*kept, i, h);
    *kept = mat_view(inverse, kept->rows, kept->cols);
    return out;
}
