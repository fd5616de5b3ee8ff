// loses: 2, says: s->mask is missing, keeps: 10
// Attention is not told of the mask.
#include "ch03_transformer/homework/hw03.h"
#define fused_block solved_fused_block
#include "../solution.c"
#undef fused_block

Node *fused_block(Tape *t, const FusedBlock *b, Node *x, const Surroundings *s) {
    Surroundings around = *s;
    around.mask = (Mask){0};
    return solved_fused_block(t, b, x, &around);
}
