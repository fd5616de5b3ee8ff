// Text to ids, fast: a cache of the pieces seen last, and blocks of text on several threads.
#include <stdlib.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif

#include "ch01_tokenizer/tokenizer.h"
#include "common/error.h"

// ---- one piece

// Most pieces of a text are words seen a moment ago. A cache line remembers one of up to 15 bytes and 3 ids.
enum { CACHED_BYTES = 15, CACHED_IDS = 3, CACHE_SLOTS = 1 << 15 };

typedef struct {
    uint64_t key[2];  // the piece's bytes, zeros, and in the last byte its length; all zero: empty
    int ids[CACHED_IDS];
    int count;
} Cached;

typedef struct {
    const Tokenizer *tokenizer;
    Cached *cache;     // [CACHE_SLOTS], or NULL: a text too short to be worth one
    int *scratch;      // symbols of a piece being encoded
    size_t scratch_capacity;
    Ids ids;
} Worker;

static void put(Ids *ids, const int *from, size_t n) {
    reserve(ids->at, ids->capacity, ids->size + n);
    for (size_t i = 0; i < n; i++) ids->at[ids->size + i] = from[i];
    ids->size += n;
}

// Long pieces go to the heap; where scanning stops paying was measured.
enum { SCAN_UP_TO = 192 };

static size_t merge_piece(Worker *w, const char *piece, size_t n) {
    const Tokenizer *t = w->tokenizer;
    const unsigned char *bytes = (const unsigned char *)piece;
    reserve(w->scratch, w->scratch_capacity, n);
    int whole = t->whole_pieces ? tokenizer_find(t, piece, n) : NO_SYMBOL;
    if (whole != NO_SYMBOL) {
        w->scratch[0] = whole;
        return 1;
    }
    for (size_t i = 0; i < n; i++) w->scratch[i] = t->byte_id[bytes[i]];
    if (n > SCAN_UP_TO) return bpe_encode_heap(&t->pairs, w->scratch, n, NULL);
    int merged[SCAN_UP_TO];
    for (size_t i = 0; i + 1 < n; i++) merged[i] = t->byte_pairs[bytes[i] * 256 + bytes[i + 1]];
    return bpe_merge_scan(&t->pairs, w->scratch, merged, n);
}

// readable: how many bytes from `piece` on may be read.
static void load_key(uint64_t key[2], const char *piece, size_t n, size_t readable) {
    bool little_endian = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
    if (little_endian && readable >= sizeof(uint64_t[2])) {  // one wide load, then forget what lies behind the piece
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
        memcpy(&w->ids.at[w->ids.size], slot->ids, sizeof slot->ids);  // all three: cheaper than a loop
        w->ids.size += (size_t)slot->count;
        return;
    }
    size_t count = merge_piece(w, piece, n);
    put(&w->ids, w->scratch, count);
    if (count > CACHED_IDS) return;
    *slot = (Cached){{key[0], key[1]}, {0}, (int)count};
    memcpy(slot->ids, w->scratch, count * sizeof *slot->ids);
}

// ---- one block of a stretch

// Where a piece begins depends only on where the one before it ended. So a block may be encoded from a guess, its
// first byte: as soon as the pieces from the left end where one of the guessed pieces begins, all the following are
// the same. Usually that is so at the first word. The block keeps where its pieces begin, so that it can be joined.
typedef struct {
    size_t at;   // where a piece begins
    size_t ids;  // how many ids came before it
} Mark;

enum { MARKS = 4096, BLOCK = 1 << 18, WORTH_A_CACHE = 1 << 14 };

typedef struct {
    Stretch stretch;
    size_t begin, end;  // pieces that begin in [begin, end) are this block's
    size_t stop;        // where its last piece ends
    Ids ids;
    Mark *marks;
    size_t mark_count;
    Error error;
    bool failed;
} Block;

static bool encode_range(Worker *w, Block *b, const char *text, size_t from, size_t to) {
    Splitter splitter = splitter_new(w->tokenizer->pattern);
    const char *begin = text + b->stretch.begin;
    size_t size = b->stretch.end - b->stretch.begin, at = from - b->stretch.begin;
    splitter_start(&splitter, begin, size);
    bool ok = true;
    while (at < to - b->stretch.begin) {
        if (b->mark_count < MARKS && b->marks) b->marks[b->mark_count++] = (Mark){b->stretch.begin + at, w->ids.size};
        size_t end = splitter_next(&splitter, at, &b->error);
        ok = end != SIZE_MAX;
        if (!ok) break;
        encode_piece(w, begin + at, end - at, size - at);
        at = end;
    }
    b->stop = b->stretch.begin + at;
    splitter_free(&splitter);
    return ok;
}

static void encode_block(Worker *w, Block *b, const char *text) {
    w->ids = (Ids){0};
    if (b->stretch.special >= 0) {
        put(&w->ids, &b->stretch.special, 1);
        b->stop = b->end;
    } else if (b->stretch.special == STRETCH_BROKEN) {
        size_t count = merge_piece(w, text + b->begin, b->end - b->begin);
        put(&w->ids, w->scratch, count);
        b->stop = b->end;
    } else {
        b->failed = !encode_range(w, b, text, b->begin, b->end);
    }
    b->ids = w->ids;
}

// ---- blocks in parallel, then joined in order

static size_t make_blocks(Block **blocks, const Stretch *stretches, size_t count, const char *text, bool whole) {
    size_t size = 0, capacity = 0;
    *blocks = NULL;
    for (size_t s = 0; s < count; s++) {
        for (size_t at = stretches[s].begin; at < stretches[s].end;) {
            size_t end = stretches[s].end;
            if (!whole && stretches[s].special == STRETCH_TEXT && end - at > 2 * BLOCK) {
                end = at + BLOCK;
                while (((unsigned char)text[end] & 0xC0) == 0x80) end++;  // between characters
            }
            reserve(*blocks, capacity, size + 1);
            (*blocks)[size++] = (Block){.stretch = stretches[s], .begin = at, .end = end};
            at = end;
        }
    }
    return size;
}

// The ids that block b adds after a piece ended at `at`, in or past the block's beginning.
static bool join(Worker *w, Block *b, const char *text, size_t *at, Ids *all) {
    size_t m = 0;
    for (;;) {
        while (m < b->mark_count && b->marks[m].at < *at) m++;
        bool same = m < b->mark_count && b->marks[m].at == *at;
        if (same || b->begin == *at) {  // the guess was right from here on
            size_t skip = same ? b->marks[m].ids : 0;
            put(all, b->ids.at + skip, b->ids.size - skip);
            *at = b->stop;
            return !b->failed;
        }
        if (*at >= b->end) return true;  // a piece from before covers the block whole
        Block again = {.stretch = b->stretch, .begin = *at};
        w->ids = (Ids){0};
        bool ok = encode_range(w, &again, text, *at, m < b->mark_count ? b->marks[m].at : b->end);
        put(all, w->ids.at, w->ids.size);
        free(w->ids.at);
        *at = again.stop;
        if (!ok) {
            b->error = again.error;
            return false;
        }
    }
}

static Worker worker_new(const Tokenizer *t, bool cache) {
    return (Worker){.tokenizer = t, .cache = cache ? allocate(CACHE_SLOTS, sizeof(Cached)) : NULL};
}

static void worker_free(Worker *w) { free(w->cache), free(w->scratch); }

bool tokenizer_encode(const Tokenizer *t, const char *text, size_t n, bool allow_special, Ids *ids, Error *err) {
    Stretch *stretches;
    Block *blocks;
    size_t stretch_count = cut_stretches(&stretches, text, n, t->specials, allow_special ? t->special_count : 0);
    // A pattern that looks back sees more than where the last piece ended: no guessing then.
    size_t count = make_blocks(&blocks, stretches, stretch_count, text, pattern_looks_back(t->pattern));
#pragma omp parallel if (count > 1)
    {
        Worker w = worker_new(t, n > WORTH_A_CACHE);
#pragma omp for schedule(dynamic)
        for (size_t b = 0; b < count; b++) {
            bool guessed = blocks[b].begin != blocks[b].stretch.begin;
            if (guessed) blocks[b].marks = reallocate(NULL, MARKS, sizeof(Mark));
            encode_block(&w, &blocks[b], text);
        }
        worker_free(&w);
    }
    Worker w = worker_new(t, false);
    bool ok = true;
    size_t at = 0;
    for (size_t b = 0; b < count; b++) {
        if (ok) ok = join(&w, &blocks[b], text, &at, ids);
        if (!ok && err && blocks[b].error.text[0]) *err = blocks[b].error, err = NULL;
        free(blocks[b].ids.at), free(blocks[b].marks);
    }
    worker_free(&w);
    free(blocks), free(stretches);
    return ok;
}
