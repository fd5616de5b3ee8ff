#include "ch01_tokenizer/pieces.h"

#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/word_memory.h"

static uint64_t hash_of(const char *bytes, size_t n) {
    uint64_t h = n, eight;
    for (; n >= 8; n -= 8, bytes += 8) {
        memcpy(&eight, bytes, 8);
        h = (h ^ eight) * 0x9e3779b97f4a7c15u;
        h ^= h >> 32;
    }
    eight = 0;
    memcpy(&eight, bytes, n);
    h = (h ^ eight) * 0x9e3779b97f4a7c15u;
    return (h ^ h >> 32) << 32;  // the upper half of a slot
}

// The first place where a piece of this hash is looked for.
static size_t home(const Pieces *p, uint64_t hash) {
    return (size_t)(hash >> 32) & p->mask;
}

static void grow(Pieces *p) {
    size_t old_size = p->table ? p->mask + 1 : 0, size = old_size ? 2 * old_size : 1024;
    uint64_t *old = p->table;
    p->table = allocate(size, sizeof *p->table);
    p->mask = size - 1;
    for (size_t o = 0; o < old_size; o++) {
        if (!old[o]) continue;
        size_t i = home(p, old[o]);
        while (p->table[i]) i = (i + 1) & p->mask;
        p->table[i] = old[o];
    }
    free(old);
}

static void add_count(Pieces *p, size_t item, uint32_t count) {
    if (count > UINT32_MAX - p->items[item].count)
        die("a piece occurs more than 4294967295 times");
    p->items[item].count += count;
}

// The item with these bytes, which may be new.
static size_t find_item(Pieces *p, const char *bytes, size_t n, uint64_t hash) {
    if (!p->table || 2 * p->size > p->mask) grow(p);
    size_t i = home(p, hash);
    for (; p->table[i]; i = (i + 1) & p->mask) {
        if ((p->table[i] ^ hash) >> 32) continue;
        size_t item = (uint32_t)p->table[i] - 1;
        if (p->items[item].size == n
            && memcmp(p->bytes + p->items[item].begin, bytes, n) == 0)
            return item;
    }
    if (p->size == UINT32_MAX) die("more than 4294967295 distinct pieces");
    reserve(p->bytes, p->bytes_capacity, p->bytes_size + n);
    reserve(p->items, p->capacity, p->size + 1);
    memcpy(p->bytes + p->bytes_size, bytes, n);
    p->items[p->size++] = (Piece){p->bytes_size, n, 0};
    p->bytes_size += n;
    p->table[i] = hash | p->size;
    return p->size - 1;
}

// ---- words seen a moment ago, counted where the cache has them

enum { RECENT_LOG2 = 14, RECENT = 1 << RECENT_LOG2 };
enum { COUNTED = 2 * SPLIT_WINDOW };  // pieces at once

typedef struct {
    uint64_t key[2];  // word_memory.h; all zero: empty
    size_t item;
    uint32_t count;  // not yet added to the item's
} Recent;

typedef struct {
    Pieces *pieces;
    Splitter splitter;
    Recent *recent;  // [RECENT]
} Counter;

static void count_word(Counter *c, const char *bytes, size_t n, size_t readable) {
    uint64_t key[2];
    word_key(key, bytes, n, readable);
    Recent *r = &c->recent[word_hash(key[0], key[1]) >> (64 - RECENT_LOG2)];
    if (r->key[0] != key[0] || r->key[1] != key[1]) {
        if (r->count) add_count(c->pieces, r->item, r->count);
        *r = (Recent){
            {key[0], key[1]}, find_item(c->pieces, bytes, n, hash_of(bytes, n)), 0};
    }
    if (++r->count == UINT32_MAX) {
        add_count(c->pieces, r->item, r->count);
        r->count = 0;
    }
}

// Whether a piece is likely to be seen again soon. Most that begin with a character of
// three bytes, Chinese and its neighbours, are clauses and occur once.
static bool is_word(const char *piece, size_t n) {
    return n <= WORD_BYTES && (unsigned char)piece[0] < 0xE0;
}

// Pieces that the table is asked for lie anywhere in it, and it is larger than a cache:
// all are called for before the first is looked at.
static void count_pieces(Counter *c, const char *text, size_t size, size_t at,
                         const size_t *ends, size_t count) {
    uint64_t hashes[COUNTED];
    const Pieces *p = c->pieces;
    for (size_t i = 0, from = at; i < count; from = ends[i++]) {
        if (is_word(text + from, ends[i] - from)) continue;
        hashes[i] = hash_of(text + from, ends[i] - from);
        if (p->table) __builtin_prefetch(&p->table[home(p, hashes[i])]);
    }
    for (size_t i = 0; i < count; at = ends[i++]) {
        const char *piece = text + at;
        size_t n = ends[i] - at;
        if (is_word(piece, n)) count_word(c, piece, n, size - at);
        else add_count(c->pieces, find_item(c->pieces, piece, n, hashes[i]), 1);
    }
}

static bool count_text(Counter *c, const char *text, size_t size, Error *err) {
    size_t ends[COUNTED];
    splitter_start(&c->splitter, text, size);
    for (size_t at = 0, end = 0, count = 0; at < size; at = end, count = 0) {
        while (end < size && count + SPLIT_WINDOW <= COUNTED) {
            size_t more = splitter_ends(&c->splitter, end, ends + count, err);
            if (more == 0) return false;
            count += more;
            end = ends[count - 1];
        }
        count_pieces(c, text, size, at, ends, count);
    }
    return true;
}

static void counter_free(Counter *c) {
    for (size_t i = 0; i < RECENT; i++)
        if (c->recent[i].count)
            add_count(c->pieces, c->recent[i].item, c->recent[i].count);
    free(c->recent);
    splitter_free(&c->splitter);
}

bool pieces_add(Pieces *pieces, const Pattern *pattern, const Special *specials,
                int special_count, const char *text, size_t n, Error *err) {
    Stretch *stretches;
    size_t count = cut_stretches(&stretches, text, n, specials, special_count);
    Counter c = {pieces, splitter_new(pattern), allocate(RECENT, sizeof *c.recent)};
    bool ok = true;
    for (size_t s = 0; ok && s < count; s++) {
        const char *begin = text + stretches[s].begin;
        size_t size = stretches[s].end - stretches[s].begin;
        switch (stretches[s].kind) {
            case STRETCH_SPECIAL: break;
            case STRETCH_BROKEN: count_pieces(&c, begin, size, 0, &size, 1); break;
            case STRETCH_TEXT: ok = count_text(&c, begin, size, err); break;
        }
    }
    counter_free(&c);
    free(stretches);
    return ok;
}

void pieces_free(Pieces *p) {
    free(p->bytes), free(p->items), free(p->table);
    *p = (Pieces){0};
}

Words pieces_to_words(const Pieces *p) {
    Words words = {0};
    size_t cells = 0, longest = 0;
    for (size_t i = 0; i < p->size; i++) {
        cells += (p->items[i].size / WORD_ALIGN + 1) * WORD_ALIGN;
        if (p->items[i].size > longest) longest = p->items[i].size;
    }
    // once: doubling would touch twice the memory
    words_reserve(&words, cells);
    int *symbols = reallocate(NULL, longest, sizeof *symbols);
    for (size_t i = 0; i < p->size; i++) {
        const Piece *piece = &p->items[i];
        for (size_t b = 0; b < piece->size; b++)
            symbols[b] = (unsigned char)p->bytes[piece->begin + b];
        words_add(&words, symbols, piece->size, piece->count);
    }
    free(symbols);
    return words;
}
