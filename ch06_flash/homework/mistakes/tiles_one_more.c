// loses: 3, says: one tile too many for each, keeps: 15
#include "ch06_flash/homework/hw06.h"

#define window_tiles solved_window_tiles
#include "../solution.c"
#undef window_tiles

long long window_tiles(const Windowed *w) {
    long long tiles = 0;
    for (int b = 0; b < ceil_div(w->queries, w->block_rows); b++) {
        BlockRange seen = window_blocks(w, b);
        tiles += seen.end - seen.first + 1;
    }
    return tiles;
}
