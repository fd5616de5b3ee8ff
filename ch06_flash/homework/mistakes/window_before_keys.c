// loses: 3, says: before the first key, keeps: 18
// Queries before the first key see it.
#include "ch06_flash/homework/hw06.h"
#define window_blocks solved_window_blocks
#include "../solution.c"
#undef window_blocks

BlockRange window_blocks(const Windowed *w, int block) {
    Positions p = positions_of(w, block);
    return (BlockRange){int_max(0, p.first - w->window + 1) / w->block_cols,
                        int_max(0, p.last) / w->block_cols + 1};
}
