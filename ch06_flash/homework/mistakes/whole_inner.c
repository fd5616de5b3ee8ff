// loses: 3, says: all blocks that are seen but the first and the last, keeps: 13
// What is seen, without its two ends.
#include "ch06_flash/homework/hw06.h"
#define window_whole_blocks solved_window_whole_blocks
#include "../solution.c"
#undef window_whole_blocks

BlockRange window_whole_blocks(const Windowed *w, int block) {
    BlockRange seen = window_blocks(w, block);
    return seen.end - seen.first > 2 ? (BlockRange){seen.first + 1, seen.end - 1}
                                     : (BlockRange){0, 0};
}
