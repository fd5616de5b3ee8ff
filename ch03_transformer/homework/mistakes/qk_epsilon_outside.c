// loses: 1, says: it belongs under it, keeps: 4
// The root first, then epsilon.
#include "ch03_transformer/homework/hw03.h"
#define qk_norm solved_qk_norm
#include "../solution.c"
#undef qk_norm

Node *qk_norm(Tape *t, Node *x, Node *gain, double epsilon) {
    static const Operation operation = {"qk norm", qk_norm_pull};
    int dim = gain->value.cols, heads = x->value.cols / dim;
    Node *out = node_new(t, &operation, x->value.rows, x->value.cols, x, gain, NULL);
    Mat inverse = tape_mat(t, x->value.rows, heads);
    out->saved = tape_allocate(t, sizeof inverse);
    *(Mat *)out->saved = inverse;
    for (int h = 0; h < heads; h++)
        for (int i = 0; i < x->value.rows; i++) {
            Mat from = head_of(x->value, h, dim);
            real r = *mat_at(inverse, i, h) =
                1 / (real)(sqrt((double)row_dot(from, from, i) / dim) + epsilon);
            for (int c = 0; c < dim; c++)
                *mat_at(out->value, i, h * dim + c) =
                    *mat_at(gain->value, 0, c) * *mat_at(from, i, c) * r;
        }
    return out;
}
