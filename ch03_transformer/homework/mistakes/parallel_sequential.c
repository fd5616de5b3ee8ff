// loses: 2, says: this is the chapter's block, keeps: 10
// Nothing parallel about it.
#include "ch03_transformer/homework/hw03.h"
#define parallel_block solved_parallel_block
#include "../solution.c"
#undef parallel_block

Node *parallel_block(Tape *t, const Block *b, Node *x, const Surroundings *s) {
    return block(t, b, x, s);
}
