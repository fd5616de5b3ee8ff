// loses: 4, says: drops other numbers the second time, keeps: 19
// The seed depends on how many calls there were, whatever the seed of t is.
#include "ch03_transformer/homework/hw03.h"
#define recompute solved_recompute
#include "../solution.c"
#undef recompute

Node *recompute(Tape *t, Params *params, Node *x, SubGraph *f, const void *context) {
    static int calls;
    calls++;
    for (int k = 0; k < calls; k++) tape_draw(t);
    return solved_recompute(t, params, x, f, context);
}
