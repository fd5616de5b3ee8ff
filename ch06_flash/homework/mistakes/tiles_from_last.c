// loses: 3, says: as many for each block as for the last, keeps: 15
// The last block for all.
#include "ch06_flash/homework/hw06.h"
#define window_tiles solved_window_tiles
#include "../solution.c"
#undef window_tiles

long long window_tiles(const Windowed *w) {
    int blocks = ceil_div(w->queries, w->block_rows);
    BlockRange seen = window_blocks(w, blocks - 1);
    return (long long)blocks * (seen.end - seen.first);
}
