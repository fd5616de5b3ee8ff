// loses: 3, says: anything is seen, keeps: 13
// All that is seen.
#include "ch06_flash/homework/hw06.h"
#define window_whole_blocks solved_window_whole_blocks
#include "../solution.c"
#undef window_whole_blocks

BlockRange window_whole_blocks(const Windowed *w, int block) {
    return window_blocks(w, block);
}
