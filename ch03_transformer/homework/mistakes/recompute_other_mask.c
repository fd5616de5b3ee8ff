// loses: 4, says: dropped other numbers, keeps: 17
// Backward draws a new seed: the second run drops other numbers.
#include "ch03_transformer/homework/hw03.h"
#define recompute solved_recompute
#include "../solution.c"
#undef recompute

static void wrong_pull(Tape *t, Node *self) {
    ((Recomputed *)self->saved)->seed = tape_draw(t);
    recompute_pull(t, self);
}

Node *recompute(Tape *t, Params *params, Node *x, SubGraph *f, const void *context) {
    static const Operation operation = {"recompute", wrong_pull};
    Node *out = solved_recompute(t, params, x, f, context);
    out->op = &operation;
    return out;
}
