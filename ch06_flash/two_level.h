// A machine with two memories: a slow one, which holds everything, and a fast one of M
// words, where all arithmetic happens. Every word that moves between them is counted.
// Lecture, section 6.3.
//
//        slow: Q, K, V, O ...                  fast: M words
//      +-----------------------+   reads     +--------------+
//      |                       | ----------> |  tiles       |  + - * / exp
//      |                       | <---------- |              |
//      +-----------------------+   writes    +--------------+
//
// Versions of attention are written for it once and run in all its kinds:
//
//     plain     nothing is counted but arithmetic; a tile is a view of slow memory (a usual run)
//     strict    tile_read copies and counts, tile_write copies back and counts; more than M words
//               of tiles at a time is an overflow, which the owner must look at
//     lru       a cache of M words instead of explicit moves: a tile is a view, every row that
//               arithmetic touches is looked up, the line used longest ago makes room, and goes
//               back to slow memory if it was written
//
// A word is a number, whatever its bytes. The red-blue pebble game of Hong and Kung
// (1981) with caches from Aggarwal and Vitter (1988).
//
//     Memory m = memory_new(MEMORY_STRICT, 4096);
//     Slow k = memory_place(&m, keys);
//     Tile t = tile_read(&m, slow_rows(k, 0, 16));
//     ...
//     tile_free(&m, t);
//     printf("%lld", m.reads + m.writes);
//     memory_free(&m);
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "common/numeric/mat.h"

#define MEMORY_LIST(KIND) \
    KIND(PLAIN, plain) \
    KIND(STRICT, strict) \
    KIND(LRU, lru)

#define KIND(NAME, name) MEMORY_##NAME,
typedef enum { MEMORY_LIST(KIND) MEMORY_KINDS } MemoryKind;
#undef KIND
extern const char *const memory_names[];  // by kind, then NULL

enum { LRU_LINE = 16 };  // words that a cache moves at a time: 64 bytes of floats

typedef struct LruCache LruCache;

typedef struct {
    MemoryKind kind;
    long long capacity;       // M; 0: no limit
    long long reads, writes;  // words from slow to fast memory, and back
    long long used, peak;     // words of tiles, now and at most
    long long placed;         // words of matrices in slow memory
    long long multiply_adds, exps, divisions;
    size_t top;  // lru: the first address that is free
    LruCache *cache;
} Memory;

Memory memory_new(MemoryKind kind, long long capacity);
void memory_free(Memory *m);
bool memory_overflowed(const Memory *m);  // strict: tiles once were more than M words
// lru: what was written and is still in the cache goes back (and is counted).
void memory_flush(Memory *m);

// A matrix in slow memory: col_stride 1.
typedef struct {
    Mat mat;
    size_t address;
} Slow;
Slow memory_place(Memory *m, Mat mat);  // before any tile
Slow slow_rows(Slow s, int first, int count);
Slow slow_cols(Slow s, int first, int count);

// Some rows and columns of numbers in fast memory.
typedef struct {
    Mat mat;
    size_t address;
    bool copy;  // its numbers are its own
} Tile;

Tile tile_new(Memory *m, int rows, int cols);  // zeros; nothing is moved
Tile tile_read(Memory *m, Slow from);
void tile_write(Memory *m, Slow to, Tile t);
void tile_free(Memory *m, Tile t);  // the newest first

// s = q k^T, o += p v and o += p^T v, row by row.
void tile_scores(Memory *m, Tile s, Tile q, Tile k);
void tile_mix(Memory *m, Tile o, Tile p, Tile v);
void tile_mix_transposed(Memory *m, Tile o, Tile p, Tile v);
// Before any other arithmetic on all of a tile.
void tile_touch(Memory *m, Tile t);
