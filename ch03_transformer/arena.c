#include "ch03_transformer/arena.h"

#include <stdint.h>
#include <stdlib.h>

#include "common/error.h"
#include "common/large.h"

enum { CHUNK_LEAST = 1 << 18 };

static size_t round_up(size_t bytes, size_t step) {
    return (bytes + step - 1) / step * step;
}

static void add_chunk(Arena *a, size_t size) {
    reserve(a->chunks, a->capacity, a->count + 1);
    a->chunks[a->count++] = (Chunk){large_new(size), size, 0};
}

void *arena_take(Arena *a, size_t bytes) {
    bytes = round_up(bytes, 64);
    if (!a->count
        || a->chunks[a->count - 1].size - a->chunks[a->count - 1].used < bytes)
        add_chunk(a, bytes > CHUNK_LEAST ? bytes : CHUNK_LEAST);
    Chunk *c = &a->chunks[a->count - 1];
    c->used += bytes, a->used += bytes;
    if (a->used > a->most) a->most = a->used;
    return c->at + c->used - bytes;
}

void arena_reset(Arena *a) {
    size_t most = a->most;
    if (a->count > 1 || (a->count && a->chunks[0].size < most)) {
        arena_free(a);
        add_chunk(a, most);
    }
    if (a->count) a->chunks[0].used = 0;
    a->used = a->most = 0;
}

ArenaMark arena_mark(const Arena *a) {
    return (ArenaMark){a->count, a->count ? a->chunks[a->count - 1].used : 0, a->used};
}

void arena_release(Arena *a, ArenaMark mark) {
    while (a->count > mark.chunks && a->count > 1) free(a->chunks[--a->count].at);
    if (a->count) a->chunks[a->count - 1].used = mark.in_last;
    a->used = mark.used;
}

void arena_free(Arena *a) {
    for (size_t i = 0; i < a->count; i++) free(a->chunks[i].at);
    free(a->chunks);
    *a = (Arena){0};
}

size_t arena_bytes(const Arena *a) {
    size_t bytes = 0;
    for (size_t i = 0; i < a->count; i++) bytes += a->chunks[i].size;
    return bytes;
}
