// loses: 4, says: so nothing is zeroed, keeps: 16
// Gradients begin with 0 in each pull.
#include "ch03_transformer/homework/hw03.h"
#define recompute solved_recompute
#include "../solution.c"
#undef recompute

static void wrong_pull(Tape *t, Node *self) {
    const Recomputed *r = self->saved;
    params_zero_grads(r->params);
    recompute_pull(t, self);
}

Node *recompute(Tape *t, Params *params, Node *x, SubGraph *f, const void *context) {
    static const Operation operation = {"recompute", wrong_pull};
    Node *out = solved_recompute(t, params, x, f, context);
    out->op = &operation;
    return out;
}
