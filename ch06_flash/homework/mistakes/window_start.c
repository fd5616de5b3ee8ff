// loses: 3, says: the last positions, keeps: 16
// Queries at the beginning of the keys.
#include "ch06_flash/homework/hw06.h"
#define window_blocks solved_window_blocks
#include "../solution.c"
#undef window_blocks

BlockRange window_blocks(const Windowed *w, int block) {
    Windowed square = *w;
    square.keys = square.queries;
    BlockRange r = solved_window_blocks(&square, block);
    int cols = ceil_div(w->keys, w->block_cols);
    return (BlockRange){int_min(r.first, cols), int_min(r.end, cols)};
}
