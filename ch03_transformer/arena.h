// An arena: memory that is taken piece by piece and given back all at once.
//
// Memory taken stays where it is until arena_reset. The first round may end up in
// several chunks; arena_reset then replaces them by one that is large enough. From the
// second round on, taking is an addition, and giving back to a mark a subtraction.
#pragma once
#include <stddef.h>

typedef struct {
    char *at;
    size_t size, used;
} Chunk;

typedef struct {
    Chunk *chunks;
    size_t count, capacity;
    size_t used, most;  // bytes taken; the most of them at one time
} Arena;

// on a 64-byte boundary, not zeroed; never NULL: no memory ends the program
void *arena_take(Arena *a, size_t bytes);
void arena_reset(Arena *a);
// What was taken since the mark is given back. A mark is good until it is released, or one
// before it, or all.
typedef struct {
    size_t chunks, in_last, used;
} ArenaMark;
ArenaMark arena_mark(const Arena *a);
void arena_release(Arena *a, ArenaMark mark);
void arena_free(Arena *a);
size_t arena_bytes(const Arena *a);  // allocated
