// loses: 3, says: nothing is seen, keeps: 15
// All tiles of the table.
#include "ch06_flash/homework/hw06.h"
#define window_tiles solved_window_tiles
#include "../solution.c"
#undef window_tiles

long long window_tiles(const Windowed *w) {
    return (long long)ceil_div(w->queries, w->block_rows)
           * ceil_div(w->keys, w->block_cols);
}
