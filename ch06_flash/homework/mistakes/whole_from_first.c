// loses: 3, says: lost the most, keeps: 13
// The first query's window.
#include "ch06_flash/homework/hw06.h"
#define window_whole_blocks solved_window_whole_blocks
#include "../solution.c"
#undef window_whole_blocks

BlockRange window_whole_blocks(const Windowed *w, int block) {
    Positions p = positions_of(w, block);
    if (p.first < 0) return (BlockRange){0, 0};
    BlockRange whole = {ceil_div(int_max(0, p.first - w->window + 1), w->block_cols),
                        (p.first + 1) / w->block_cols};
    if (p.first == w->keys - 1) whole.end = ceil_div(w->keys, w->block_cols);
    return whole.first < whole.end ? whole : (BlockRange){0, 0};
}
