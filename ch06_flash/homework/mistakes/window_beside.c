// loses: 3, says: counts the query itself, keeps: 14
// The window is beside the query.
#include "ch06_flash/homework/hw06.h"
#define window_blocks solved_window_blocks
#include "../solution.c"
#undef window_blocks

BlockRange window_blocks(const Windowed *w, int block) {
    Positions p = positions_of(w, block);
    if (p.last < 0) return (BlockRange){0, 0};
    return (BlockRange){int_max(0, p.first - w->window) / w->block_cols,
                        p.last / w->block_cols + 1};
}
