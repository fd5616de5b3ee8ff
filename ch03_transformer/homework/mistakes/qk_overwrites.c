// loses: 1, says: an input that is used twice, keeps: 13
// x's gradient begins with zeros, whatever was there.
#include "ch03_transformer/homework/hw03.h"
#define qk_norm solved_qk_norm
#include "../solution.c"
#undef qk_norm

static void wrong_pull(Tape *t, Node *self) {
    if (self->from[0]->grad.at) mat_fill(grad_add(t, self->from[0]), 0);
    qk_norm_pull(t, self);
}

Node *qk_norm(Tape *t, Node *x, Node *gain, double epsilon) {
    static const Operation operation = {"qk norm", wrong_pull};
    Node *out = solved_qk_norm(t, x, gain, epsilon);
    out->op = &operation;
    return out;
}
