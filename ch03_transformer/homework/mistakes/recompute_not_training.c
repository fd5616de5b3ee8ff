// loses: 4, says: nothing is dropped while training, keeps: 16
// The inner tape does not know that it is training.
#include "ch03_transformer/homework/hw03.h"
#define recompute solved_recompute
#include "../solution.c"
#undef recompute

Node *recompute(Tape *t, Params *params, Node *x, SubGraph *f, const void *context) {
    bool training = tape_is_training(t);
    tape_training(t, false, 1);
    Node *out = solved_recompute(t, params, x, f, context);
    tape_training(t, training, 1);
    return out;
}
