// loses: 1, says: reached past the end of
// The forward pass writes a column too many: the next head or row writes over it, and after
// the last one nobody looks.
#include "ch03_transformer/homework/hw03.h"
#define qk_norm solved_qk_norm
#include "../solution.c"
#undef qk_norm

Node *qk_norm(Tape *t, Node *x, Node *gain, double epsilon) {
    int dim = gain->value.cols, heads = x->value.cols / dim;
    Node *out = solved_qk_norm(t, x, gain, epsilon);
    Mat inverse = *(Mat *)out->saved;
    for (int i = 0; i < x->value.rows; i++)
        for (int h = 0; h < heads; h++)
            for (int c = 0; c <= dim; c++)
                *mat_at(out->value, i, h * dim + c) =
                    *mat_at(gain->value, 0, c) * *mat_at(x->value, i, h * dim + c)
                    * *mat_at(inverse, i, h);
    return out;
}
