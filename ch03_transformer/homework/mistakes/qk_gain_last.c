// loses: 1, says: the last head of the last token, keeps: 11
// The gain's gradient is written, not added, head by head.
#include "ch03_transformer/homework/hw03.h"
#define qk_norm solved_qk_norm
#include "../solution.c"
#undef qk_norm

static void wrong_pull(Tape *t, Node *self) {
    Node *x = self->from[0], *gain = self->from[1];
    int dim = gain->value.cols;
    qk_norm_pull(t, self);
    for (int c = 0; c < dim; c++) {
        int column = x->value.cols - dim + c, last = x->value.rows - 1;
        real r = *mat_at(*(Mat *)self->saved, last, x->value.cols / dim - 1);
        *mat_at(gain->grad, 0, c) =
            *mat_at(x->value, last, column) * r * *mat_at(self->grad, last, column);
    }
}

Node *qk_norm(Tape *t, Node *x, Node *gain, double epsilon) {
    static const Operation operation = {"qk norm", wrong_pull};
    Node *out = solved_qk_norm(t, x, gain, epsilon);
    out->op = &operation;
    return out;
}
