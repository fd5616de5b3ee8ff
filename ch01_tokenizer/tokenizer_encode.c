// Text to ids, fast: a cache of the pieces seen last, and blocks of text on several
// threads.
#include <stdlib.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif

#include "ch01_tokenizer/tokenizer.h"
#include "common/error.h"

// ---- one piece

// Most pieces of a text are words seen a moment ago. A cache line remembers one of up
// to 15 bytes and 3 ids.
enum { CACHED_BYTES = 15, CACHED_IDS = 3, CACHE_SLOTS = 1 << 15 };

typedef struct {
    // the piece's bytes, zeros, and in the last byte its length; all zero: empty
    uint64_t key[2];
    int ids[CACHED_IDS];
    int count;
} Cached;

typedef struct {
    const Tokenizer *tokenizer;
    Cached *cache;  // [CACHE_SLOTS], or NULL: a text too short to be worth one
    int *scratch;   // symbols of a piece being encoded
    size_t scratch_capacity;
    Splitter splitter;
    Ids ids;
} Worker;

static void put(Ids *ids, const int *from, size_t n) {
    reserve(ids->at, ids->capacity, ids->size + n);
    for (size_t i = 0; i < n; i++) ids->at[ids->size + i] = from[i];
    ids->size += n;
}

// A piece that is a token, where merges do not reach all of them.
static int whole_piece(const Tokenizer *t, const char *piece, size_t n) {
    return t->whole_pieces ? tokenizer_find(t, piece, n) : NO_SYMBOL;
}

size_t tokenizer_encode_piece(const Tokenizer *t, const char *piece, size_t n, int *ids,
                              EncodeWork *work) {
    int whole = whole_piece(t, piece, n);
    if (whole != NO_SYMBOL) {
        ids[0] = whole;
        return 1;
    }
    for (size_t i = 0; i < n; i++) ids[i] = t->byte_id[(unsigned char)piece[i]];
    return bpe_encode_heap(&t->pairs, ids, n, work);
}

// Long pieces go to the heap; where scanning stops paying was measured.
enum { SCAN_UP_TO = 192 };

static size_t merge_piece(Worker *w, const char *piece, size_t n) {
    const Tokenizer *t = w->tokenizer;
    const unsigned char *bytes = (const unsigned char *)piece;
    reserve(w->scratch, w->scratch_capacity, n);
    if (n > SCAN_UP_TO) return tokenizer_encode_piece(t, piece, n, w->scratch, NULL);
    int whole = whole_piece(t, piece, n);
    if (whole != NO_SYMBOL) {
        w->scratch[0] = whole;
        return 1;
    }
    int merged[SCAN_UP_TO];
    for (size_t i = 0; i < n; i++) w->scratch[i] = t->byte_id[bytes[i]];
    for (size_t i = 0; i + 1 < n; i++)
        merged[i] = t->byte_pairs[bytes[i] * 256 + bytes[i + 1]];
    return bpe_merge_scan(&t->pairs, w->scratch, merged, n);
}

// readable: how many bytes from `piece` on may be read.
static void load_key(uint64_t key[2], const char *piece, size_t n, size_t readable) {
    bool little_endian = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
    // one wide load, then forget what follows the piece
    if (little_endian && readable >= sizeof(uint64_t[2])) {
        memcpy(key, piece, sizeof(uint64_t[2]));
        if (n < 8) key[0] &= ((uint64_t)1 << 8 * n) - 1, key[1] = 0;
        else key[1] &= ((uint64_t)1 << 8 * (n - 8)) - 1;
    } else {
        key[0] = key[1] = 0;
        memcpy(key, piece, n);
    }
    key[1] |= (uint64_t)n << 56;
}

static void encode_piece(Worker *w, const char *piece, size_t n, size_t readable) {
    if (n > CACHED_BYTES || !w->cache) {
        size_t count = merge_piece(w, piece, n);
        put(&w->ids, w->scratch, count);
        return;
    }
    uint64_t key[2];
    load_key(key, piece, n, readable);
    uint64_t hash = (key[0] ^ key[1] * 0x9e3779b97f4a7c15u) * 0xd6e8feb86659fd93u;
    Cached *slot = &w->cache[(hash ^ hash >> 32) % CACHE_SLOTS];
    if (slot->key[0] == key[0] && slot->key[1] == key[1]) {
        reserve(w->ids.at, w->ids.capacity, w->ids.size + CACHED_IDS);
        // all three: cheaper than a loop
        memcpy(&w->ids.at[w->ids.size], slot->ids, sizeof slot->ids);
        w->ids.size += (size_t)slot->count;
        return;
    }
    size_t count = merge_piece(w, piece, n);
    put(&w->ids, w->scratch, count);
    if (count > CACHED_IDS) return;
    *slot = (Cached){{key[0], key[1]}, {0}, (int)count};
    memcpy(slot->ids, w->scratch, count * sizeof *slot->ids);
}

// ---- blocks of text

// Where a piece begins depends only on where the one before it ended. So a block may be
// encoded from a guess, its first byte: as soon as the pieces from the left end where
// one of the guessed pieces begins, all the following are the same. Usually that is so
// at the first word. The block keeps where its pieces begin, so that it can be joined.
typedef struct {
    size_t at;   // where a piece begins
    size_t ids;  // how many ids came before it
} Mark;

enum { MARKS = 4096, BLOCK = 1 << 18, WORTH_A_CACHE = 1 << 14 };

// Whole stretches, or a part of one. A part leaves a piece that reaches its end to the
// join: many blocks may lie inside one piece, and only one must encode it.
typedef struct {
    const Stretch *stretches;
    size_t count;
    bool part;
    size_t begin, end;  // pieces that begin in [begin, end) are this block's
    size_t stop;        // where the last piece it encoded ends
    Ids ids;
    Mark *marks;  // [MARKS], or NULL: its beginning is no guess
    size_t mark_count;
    char *problem;  // what the pattern failed with, or NULL
} Block;

// Encodes the pieces of a stretch that begin in [from, to); *stop is where the last one
// ends. False and *problem where the pattern fails. b: whose marks to set; NULL: none.
// A block that ends before its stretch does is split as if nothing were known of the
// rest: each byte is looked at by one block only, however long a piece is.
static bool encode_text(Worker *w, const char *text, Stretch stretch, size_t from,
                        size_t to, Block *b, size_t *stop, char **problem) {
    const char *begin = text + stretch.begin;
    size_t size = stretch.end - stretch.begin, at = from - stretch.begin,
           last = to - stretch.begin;
    bool open = b && b->part && to < stretch.end;
    Error err;
    if (open) splitter_start_open(&w->splitter, begin, last);
    else splitter_start(&w->splitter, begin, size);
    while (at < last) {
        if (b && b->marks && b->mark_count < MARKS)
            b->marks[b->mark_count++] = (Mark){stretch.begin + at, w->ids.size};
        size_t end = splitter_next(&w->splitter, at, &err);
        if (end == SIZE_MAX) *problem = strdup(err.text);
        if (end == SIZE_MAX || (open && end == last)) break;
        encode_piece(w, begin + at, end - at, size - at);
        at = end;
    }
    *stop = stretch.begin + at;
    return !*problem;
}

static void encode_block(Worker *w, Block *b, const char *text) {
    w->ids = (Ids){0};
    for (size_t s = 0; s < b->count && !b->problem; s++) {
        Stretch stretch = b->stretches[s];
        size_t from = b->part ? b->begin : stretch.begin,
               to = b->part ? b->end : stretch.end;
        b->stop = to;
        switch (stretch.kind) {
            case STRETCH_SPECIAL: put(&w->ids, &stretch.id, 1); break;
            case STRETCH_BROKEN: {
                size_t count = merge_piece(w, text + from, to - from);
                put(&w->ids, w->scratch, count);
                break;
            }
            case STRETCH_TEXT:
                encode_text(w, text, stretch, from, to, b, &b->stop, &b->problem);
                break;
        }
    }
    b->ids = w->ids;
}

static bool worth_cutting(Stretch s, bool whole) {
    return !whole && s.kind == STRETCH_TEXT && s.end - s.begin > 2 * BLOCK;
}

// whole: no stretch may be cut into parts.
static size_t make_blocks(Block **blocks, const Stretch *stretches, size_t count,
                          const char *text, bool whole) {
    size_t size = 0, capacity = 0;
    *blocks = NULL;
    for (size_t s = 0; s < count;) {
        Block b = {.stretches = &stretches[s],
                   .count = 1,
                   .begin = stretches[s].begin,
                   .end = stretches[s].end};
        if (!worth_cutting(stretches[s], whole)) {
            for (s++; s < count && b.end - b.begin < BLOCK
                      && !worth_cutting(stretches[s], whole);
                 s++, b.count++)
                b.end = stretches[s].end;
            reserve(*blocks, capacity, size + 1);
            (*blocks)[size++] = b;
            continue;
        }
        size_t end = stretches[s++].end;
        for (b.part = true; b.begin < end; b.begin = b.end) {
            b.end = end - b.begin > 2 * BLOCK ? b.begin + BLOCK : end;
            // between characters
            while (b.end < end && ((unsigned char)text[b.end] & 0xC0) == 0x80) b.end++;
            reserve(*blocks, capacity, size + 1);
            (*blocks)[size++] = b;
        }
    }
    return size;
}

// Appends the ids of block b when the pieces before have ended at *at; moves *at to
// where its own end. False and b->problem where the pattern fails.
static bool join(Worker *w, Block *b, const char *text, size_t *at, Ids *all) {
    for (size_t m = 0; *at < b->end;) {
        while (m < b->mark_count && b->marks[m].at < *at) m++;
        bool same = m < b->mark_count && b->marks[m].at == *at;
        size_t to = m < b->mark_count && !same ? b->marks[m].at : b->end;
        // the guess was right from here on
        if ((same || *at == b->begin) && b->stop > *at) {
            size_t skip = same ? b->marks[m].ids : 0;
            put(all, b->ids.at + skip, b->ids.size - skip);
            *at = b->stop;
            if (b->problem) return false;
            continue;
        }
        free(b->problem);  // of a guess that was wrong, or to be met again
        b->problem = NULL;
        w->ids = (Ids){0};
        bool ok = encode_text(w, text, b->stretches[0], *at, to, NULL, at, &b->problem);
        put(all, w->ids.at, w->ids.size);
        free(w->ids.at);
        if (!ok) return false;
    }
    return true;
}

static Worker worker_new(const Tokenizer *t, bool cache) {
    return (Worker){.tokenizer = t,
                    .cache = cache ? allocate(CACHE_SLOTS, sizeof(Cached)) : NULL,
                    .splitter = splitter_new(t->pattern)};
}

static void worker_free(Worker *w) {
    free(w->cache), free(w->scratch);
    splitter_free(&w->splitter);
}

bool tokenizer_encode(const Tokenizer *t, const char *text, size_t n,
                      bool allow_special, Ids *ids, Error *err) {
    Stretch *stretches;
    Block *blocks;
    size_t stretch_count = cut_stretches(&stretches, text, n, t->specials,
                                         allow_special ? t->special_count : 0);
    bool whole = pattern_looks_back(t->pattern) || !pattern_splits(t->pattern);
    size_t count = make_blocks(&blocks, stretches, stretch_count, text, whole);
#pragma omp parallel if (count > 1)
    {
        Worker w = worker_new(t, n > WORTH_A_CACHE);
#pragma omp for schedule(dynamic)
        for (size_t b = 0; b < count; b++) {
            bool guessed =
                blocks[b].part && blocks[b].begin != blocks[b].stretches[0].begin;
            if (guessed) blocks[b].marks = reallocate(NULL, MARKS, sizeof(Mark));
            encode_block(&w, &blocks[b], text);
        }
        worker_free(&w);
    }
    Worker w = worker_new(t, false);
    bool ok = true;
    for (size_t b = 0, at = 0; b < count; b++) {
        if (ok && !join(&w, &blocks[b], text, &at, ids))
            ok = error_set(err, "%s", blocks[b].problem);
        free(blocks[b].ids.at), free(blocks[b].marks), free(blocks[b].problem);
    }
    worker_free(&w);
    free(blocks), free(stretches);
    return ok;
}
