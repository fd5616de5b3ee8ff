// loses: 1, says: s was taken for a constant, keeps: 9
// dx = gain dout / s: as if s did not depend on x.
#include "ch03_transformer/homework/hw03.h"
#define qk_norm solved_qk_norm
#include "../solution.c"
#undef qk_norm

static void wrong_pull(Tape *t, Node *self) {
    Node *x = self->from[0], *gain = self->from[1];
    int dim = gain->value.cols;
    Mat inverse = *(Mat *)self->saved, dx = grad_add(t, x), dgain = grad_add(t, gain);
    for (int i = 0; i < dx.rows; i++)
        for (int c = 0; c < dx.cols; c++) {
            real r = *mat_at(inverse, i, c / dim), dout = *mat_at(self->grad, i, c);
            *mat_at(dx, i, c) += *mat_at(gain->value, 0, c % dim) * dout * r;
            *mat_at(dgain, 0, c % dim) += *mat_at(x->value, i, c) * r * dout;
        }
}

Node *qk_norm(Tape *t, Node *x, Node *gain, double epsilon) {
    static const Operation operation = {"qk norm", wrong_pull};
    Node *out = solved_qk_norm(t, x, gain, epsilon);
    out->op = &operation;
    return out;
}
