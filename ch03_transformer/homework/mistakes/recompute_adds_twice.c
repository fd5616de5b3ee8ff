// loses: 4, says: the inner tape has added them to params already, keeps: 11
// The gradients that the inner tape found are added to the parameters' again.
#include "ch03_transformer/homework/hw03.h"
#define recompute solved_recompute
#include "../solution.c"
#undef recompute

static void wrong_pull(Tape *t, Node *self) {
    Params *p = ((Recomputed *)self->saved)->params;
    Mat grads = mat_view(p->grads, 1, (int)p->grad_size),
        before = mat_new(1, grads.cols), found = mat_new(1, grads.cols);
    mat_copy(before, grads);
    recompute_pull(t, self);
    mat_copy(found, grads);
    mat_add_scaled(found, -1, before);
    mat_add_scaled(grads, 1, found);
    mat_free(before), mat_free(found);
}

Node *recompute(Tape *t, Params *params, Node *x, SubGraph *f, const void *context) {
    static const Operation operation = {"recompute", wrong_pull};
    Node *out = solved_recompute(t, params, x, f, context);
    out->op = &operation;
    return out;
}
