#include "ch01_tokenizer/piece_encode.h"

#include <stdlib.h>
#include <string.h>

PieceEncoder piece_encoder_new(const Tokenizer *t, EncodeWithout without) {
    return (PieceEncoder){
        .tokenizer = t,
        .memory = without.memory ? NULL : word_pool_take(t->memory),
        // a part that is a token need not be what the merges make of it
        .parts = !without.parts && !t->whole_pieces};
}

void piece_encoder_free(PieceEncoder *e) {
    if (e->memory) word_pool_give(e->tokenizer->memory, e->memory);
    free(e->scratch);
}

// ---- by the merges

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

// To e->scratch; how many ids.
static size_t merge(PieceEncoder *e, const char *piece, size_t n) {
    const Tokenizer *t = e->tokenizer;
    const unsigned char *bytes = (const unsigned char *)piece;
    reserve(e->scratch, e->scratch_capacity, n);
    if (n > SCAN_UP_TO) return tokenizer_encode_piece(t, piece, n, e->scratch, NULL);
    int whole = whole_piece(t, piece, n);
    if (whole != NO_SYMBOL) {
        e->scratch[0] = whole;
        return 1;
    }
    int merged[SCAN_UP_TO];
    for (size_t i = 0; i < n; i++) e->scratch[i] = t->byte_id[bytes[i]];
    for (size_t i = 0; i + 1 < n; i++)
        merged[i] = t->byte_pairs[bytes[i] * 256 + bytes[i + 1]];
    return bpe_merge_scan(&t->pairs, e->scratch, merged, n);
}

// ---- remembered, or merged and remembered

// Room in `ids` is left for WORD_BYTES of them: their users reserve it.
static inline void put(PieceEncoder *e, const int *ids, size_t count) {
    memcpy(e->ids.at + e->ids.size, ids, count * sizeof *ids);
    e->ids.size += count;
}

static inline void make_room(PieceEncoder *e, size_t bytes) {
    reserve(e->ids.at, e->ids.capacity, e->ids.size + bytes + LONG_WORD_IDS);
}

static void encode_long_word(PieceEncoder *e, const char *word, size_t n) {
    uint64_t key[4];
    long_word_key(key, word, n);
    const LongWord *known = long_word_find(e->memory, key);
    if (known) {
        put(e, known->ids, (size_t)known->count);
        e->remembered++;
        return;
    }
    size_t count = merge(e, word, n);
    put(e, e->scratch, count);
    if (n <= WORD_BYTES && count <= WORD_IDS) {
        uint64_t short_key[2];
        word_key(short_key, word, n, n);
        word_keep(e->memory, short_key, e->scratch, count);
    } else long_word_keep(e->memory, key, e->scratch, count);
}

// n <= WORD_BYTES
static inline void encode_word(PieceEncoder *e, const char *word, size_t n,
                               size_t readable) {
    uint64_t key[2];
    word_key(key, word, n, readable);
    const Word *known = word_find(e->memory, key);
    if (!known) {
        encode_long_word(e, word, n);
        return;
    }
    // all of them: cheaper than a loop
    memcpy(e->ids.at + e->ids.size, known->ids, sizeof known->ids);
    e->ids.size += (size_t)known->count;
    e->remembered++;
}

static inline void encode_any(PieceEncoder *e, const char *piece, size_t n,
                              size_t readable) {
    if (e->memory && n <= WORD_BYTES) encode_word(e, piece, n, readable);
    else if (e->memory && n <= LONG_WORD_BYTES) encode_long_word(e, piece, n);
    else {
        size_t count = merge(e, piece, n);
        put(e, e->scratch, count);
    }
}

// ---- in parts

// Three-byte characters, Chinese and its neighbours, are hardly ever joined.
static inline bool seldom_joined(const char *piece) {
    return (unsigned char)piece[0] >= 0xE0;
}

static void encode_parts(PieceEncoder *e, const char *piece, size_t n,
                         size_t readable) {
    const Joins *joins = &e->tokenizer->joins;
    size_t begin = 0, size, at;
    JoinChar left = join_char(piece, &size), right;
    for (at = size; at < n; at += size, left = right) {
        right = join_char(piece + at, &size);
        if (joins_may(joins, left, right, size)) continue;
        encode_any(e, piece + begin, at - begin, readable - begin);
        begin = at;
    }
    encode_any(e, piece + begin, n - begin, readable - begin);
}

void pieces_encode(PieceEncoder *e, const char *text, size_t size, size_t at,
                   const size_t *ends, size_t count) {
    make_room(e, ends[count - 1] - at);
    e->pieces += count;
    for (size_t i = 0; i < count; at = ends[i++]) {
        const char *piece = text + at;
        size_t n = ends[i] - at;
        bool cut = e->parts && (n > LONG_WORD_BYTES || seldom_joined(piece));
        if (cut) encode_parts(e, piece, n, size - at);
        else encode_any(e, piece, n, size - at);
    }
}

void bytes_encode(PieceEncoder *e, const char *piece, size_t n) {
    make_room(e, n);
    size_t count = merge(e, piece, n);
    put(e, e->scratch, count);
}
