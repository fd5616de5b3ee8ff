// loses: 4, says: x wants no gradient, so nothing was pulled, keeps: 18
// Whether a gradient is wanted is left to x alone.
#include "ch03_transformer/homework/hw03.h"
#define recompute solved_recompute
#include "../solution.c"
#undef recompute

Node *recompute(Tape *t, Params *params, Node *x, SubGraph *f, const void *context) {
    Node *out = solved_recompute(t, params, x, f, context);
    out->needs_grad = wants_grad(x);
    return out;
}
