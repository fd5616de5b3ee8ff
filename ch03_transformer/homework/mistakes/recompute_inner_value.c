// loses: 4, says: the result's value is not in t's memory, keeps: 14
// The value stays where the inner tape has made it.
// (Not under sanitizers: it is a crash there.)
#include "ch03_transformer/homework/hw03.h"
#define recompute solved_recompute
#include "../solution.c"
#undef recompute

Node *recompute(Tape *t, Params *params, Node *x, SubGraph *f, const void *context) {
    static const Operation operation = {"recompute", recompute_pull};
    Node *x_inside, *y;
    Recomputed *r = tape_allocate(t, sizeof *r);
    *r = (Recomputed){params, f, context, tape_is_training(t), tape_draw(t)};
    Tape *inner = run_inside(r, x, &x_inside, &y);
    Node *out = node_of(t, &operation, y->value, x, NULL, NULL);
    out->needs_grad = y->needs_grad;
    out->saved = r;
    tape_free(inner);
    return out;
}
