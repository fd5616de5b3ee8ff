// loses: 3, says: a block of keys has block_cols, keeps: 12
#include "ch06_flash/homework/hw06.h"

#define window_blocks solved_window_blocks
#include "../solution.c"
#undef window_blocks

BlockRange window_blocks(const Windowed *w, int block) {
    Positions p = positions_of(w, block);
    if (p.last < 0) return (BlockRange){0, 0};
    return (BlockRange){int_max(0, p.first - w->window + 1) / w->block_rows,
                        p.last / w->block_cols + 1};
}
