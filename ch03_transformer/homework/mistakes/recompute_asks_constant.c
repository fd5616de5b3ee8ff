// loses: 4, says: wrong where f has no parameters, keeps: 16
// Forward runs f on a constant, and asks its result who wants a gradient.
#include "ch03_transformer/homework/hw03.h"
#define recompute solved_recompute
#include "../solution.c"
#undef recompute

Node *recompute(Tape *t, Params *params, Node *x, SubGraph *f, const void *context) {
    bool wants = x->needs_grad;
    x->needs_grad = false;
    Node *out = solved_recompute(t, params, x, f, context);
    x->needs_grad = wants;
    return out;
}
