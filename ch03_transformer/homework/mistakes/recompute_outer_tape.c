// loses: 4, says: f must build on a tape of its own, keeps: 2
// f builds on t, so everything is kept.
#include "ch03_transformer/homework/hw03.h"
#define recompute solved_recompute
#include "../solution.c"
#undef recompute

Node *recompute(Tape *t, Params *params, Node *x, SubGraph *f, const void *context) {
    (void)params;
    return f(t, x, context);
}
