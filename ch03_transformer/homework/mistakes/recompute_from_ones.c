// loses: 4, says: pulled with self->grad, keeps: 6
// Begins like a loss.
#include "ch03_transformer/homework/hw03.h"
#define recompute solved_recompute
#include "../solution.c"
#undef recompute

static void recompute_pull_here(Tape *t, Node *self) {
    Node *x = self->from[0], *x_inside, *y;
    Tape *inner = run_inside(self->saved, x, &x_inside, &y);
    Mat ones = mat_new(self->grad.rows, self->grad.cols);
    mat_fill(ones, 1);
    tape_backward_from(inner, y, ones);
    mat_free(ones);
    if (x_inside->grad.at) mat_add_scaled(grad_add(t, x), 1, x_inside->grad);
    tape_free(inner);
}

Node *recompute(Tape *t, Params *params, Node *x, SubGraph *f, const void *context) {
    static const Operation operation = {"recompute", recompute_pull_here};
    Node *x_inside, *y;
    Recomputed *r = tape_allocate(t, sizeof *r);
    *r = (Recomputed){params, f, context, tape_is_training(t), tape_draw(t)};
    Tape *inner = run_inside(r, x, &x_inside, &y);
    Node *out = node_new(t, &operation, y->value.rows, y->value.cols, x, NULL, NULL);
    mat_copy(out->value, y->value);
    out->needs_grad = y->needs_grad;  // the parameters' sake: x alone may not want any
    out->saved = r;
    tape_free(inner);
    return out;
}
