// loses: 3, says: fit into an int, keeps: 19
// Added up in an int.
#include "ch06_flash/homework/hw06.h"
#define window_tiles solved_window_tiles
#include "../solution.c"
#undef window_tiles

long long window_tiles(const Windowed *w) {
    unsigned tiles = 0;
    for (int b = 0; b < ceil_div(w->queries, w->block_rows); b++) {
        BlockRange seen = window_blocks(w, b);
        tiles += (unsigned)(seen.end - seen.first);
    }
    return (int)tiles;
}
