// loses: 4, says: its inner tape was kept, keeps: 2
// The inner tape lives until backward: the memory is only counted elsewhere.
#include "ch03_transformer/homework/hw03.h"
#define recompute solved_recompute
#include "../solution.c"
#undef recompute

typedef struct {
    Tape *inner;
    Node *x_inside, *y;
} Kept;

static void wrong_pull(Tape *t, Node *self) {
    Kept *kept = self->saved;
    tape_backward_from(kept->inner, kept->y, self->grad);
    if (kept->x_inside->grad.at)
        mat_add_scaled(grad_add(t, self->from[0]), 1, kept->x_inside->grad);
    tape_free(kept->inner);
}

Node *recompute(Tape *t, Params *params, Node *x, SubGraph *f, const void *context) {
    static const Operation operation = {"recompute", wrong_pull};
    Recomputed r = {params, f, context, tape_is_training(t), tape_draw(t)};
    Kept *kept = tape_allocate(t, sizeof *kept);
    kept->inner = run_inside(&r, x, &kept->x_inside, &kept->y);
    Node *out = node_new(t, &operation, kept->y->value.rows, kept->y->value.cols, x,
                         NULL, NULL);
    mat_copy(out->value, kept->y->value);
    out->needs_grad = kept->y->needs_grad;
    out->saved = kept;
    return out;
}
