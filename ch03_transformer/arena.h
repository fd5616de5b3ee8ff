// An arena: memory that is taken piece by piece and given back all at once.
//
// Memory taken stays where it is until arena_reset. The first round may end up in
// several chunks; arena_reset then replaces them by one that is large enough. From the
// second round on, taking is an addition.
#pragma once
#include <stddef.h>

typedef struct {
    char *at;
    size_t size, used;
} Chunk;

typedef struct {
    Chunk *chunks;
    size_t count, capacity;
} Arena;

// on a 64-byte boundary, not zeroed; never NULL: no memory ends the program
void *arena_take(Arena *a, size_t bytes);
void arena_reset(Arena *a);
void arena_free(Arena *a);
size_t arena_bytes(const Arena *a);  // allocated

// bytes on a 64-byte boundary, in huge pages where the system has them: a tape's
// matrices are megabytes, and with pages of 4 KB each would cost hundreds of
// translations. free() frees them.
void *large_new(size_t bytes);
