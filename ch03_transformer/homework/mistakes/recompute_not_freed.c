// loses: 4, says: the inner tapes are not freed, keeps: 17
// Another inner tape is made, and stays.
// (Not under sanitizers: they have no limit of memory.)
#include "ch03_transformer/homework/hw03.h"
#define recompute solved_recompute
#include "../solution.c"
#undef recompute

Node *recompute(Tape *t, Params *params, Node *x, SubGraph *f, const void *context) {
    static const Operation operation = {"recompute", recompute_pull};
    Node *x_inside, *y;
    Recomputed *r = tape_allocate(t, sizeof *r);
    *r = (Recomputed){params, f, context, tape_is_training(t), tape_draw(t)};
    run_inside(r, x, &x_inside, &y);
    Node *out = node_new(t, &operation, y->value.rows, y->value.cols, x, NULL, NULL);
    mat_copy(out->value, y->value);
    out->needs_grad = y->needs_grad;
    out->saved = r;
    return out;
}
