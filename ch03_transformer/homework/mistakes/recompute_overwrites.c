// loses: 4, says: that gradient is gone, keeps: 18
// x's gradient is that of the inner tape, whatever was there.
#include "ch03_transformer/homework/hw03.h"
#define recompute solved_recompute
#include "../solution.c"
#undef recompute

static void wrong_pull(Tape *t, Node *self) {
    if (self->from[0]->grad.at) mat_fill(grad_add(t, self->from[0]), 0);
    recompute_pull(t, self);
}

Node *recompute(Tape *t, Params *params, Node *x, SubGraph *f, const void *context) {
    static const Operation operation = {"recompute", wrong_pull};
    Node *out = solved_recompute(t, params, x, f, context);
    out->op = &operation;
    return out;
}
