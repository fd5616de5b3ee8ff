// loses: 2, says: attend takes s->position_param, keeps: 13
// What positions learn is not handed on.
#include "ch03_transformer/homework/hw03.h"
#define fused_block solved_fused_block
#include "../solution.c"
#undef fused_block

Node *fused_block(Tape *t, const FusedBlock *b, Node *x, const Surroundings *s) {
    Surroundings fixed = *s;
    fixed.position_param = NULL;
    return solved_fused_block(t, b, x, &fixed);
}
