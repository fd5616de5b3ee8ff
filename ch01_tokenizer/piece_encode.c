#include "ch01_tokenizer/piece_encode.h"

#include <stdlib.h>
#include <string.h>

#include "common/numeric/threads.h"

PieceEncoder piece_encoder_new(const Tokenizer *t, EncodeWithout without) {
    return (PieceEncoder){
        .tokenizer = t,
        .memory = without.memory ? NULL : word_pool_take(t->memory, threads_number()),
        // a part that is a token need not be what the merges make of it
        .parts = !without.parts && !t->whole_pieces};
}

void piece_encoder_free(PieceEncoder *e) {
    if (e->memory) word_pool_give(e->tokenizer->memory, e->memory, threads_number());
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

// A word of any length that is not in a line of two: remembered in the table of long
// ones, or merged.
static void encode_other_word(PieceEncoder *e, const char *word, size_t n) {
    uint64_t key[4];
    bool fits = n <= LONG_WORD_BYTES;
    if (fits) long_word_key(key, word, n);
    const LongWord *known = fits ? long_word_find(e->memory, key) : NULL;
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
    } else if (fits) long_word_keep(e->memory, key, e->scratch, count);
}

// At once, that is between two looks at the splitter.
enum { WORDS = SPLIT_WINDOW };

typedef struct {
    uint64_t keys[WORDS][2];
    const Word *lines[WORDS];
} Called;

// The lines of memory lie anywhere in it, and each may take as long to come as ten words
// to compare: all are called for before the first is looked at.
static inline void call_for(Called *c, const PieceEncoder *e, const char *text,
                            size_t size, size_t at, const size_t *ends, size_t count) {
    for (size_t i = 0; i < count; at = ends[i++]) {
        size_t n = ends[i] - at;
        word_key(c->keys[i], text + at, n < WORD_BYTES ? n : WORD_BYTES, size - at);
        c->lines[i] = e->memory->words[word_line(c->keys[i])];
        __builtin_prefetch(c->lines[i]);
    }
}

static void encode_words(PieceEncoder *e, const char *text, size_t size, size_t at,
                         const size_t *ends, size_t count) {
    Called called;
    call_for(&called, e, text, size, at, ends, count);
    int *out =
        e->ids.at + e->ids.size;  // not e->ids.size, which each word would wait for
    size_t known = 0;
    for (size_t i = 0; i < count; at = ends[i++]) {
        const Word *word;
        bool found = word_in_line(called.lines[i], called.keys[i], &word);
        if (found & (ends[i] - at <= WORD_BYTES)) {
            // all of them: cheaper than a loop
            memcpy(out, word->ids, sizeof word->ids);
            out += word->count;
            known++;
            continue;
        }
        e->ids.size = (size_t)(out - e->ids.at);
        encode_other_word(e, text + at, ends[i] - at);
        out = e->ids.at + e->ids.size;
    }
    e->ids.size = (size_t)(out - e->ids.at);
    e->remembered += known;
}

static void encode_unremembered(PieceEncoder *e, const char *text, size_t at,
                                const size_t *ends, size_t count) {
    for (size_t i = 0; i < count; at = ends[i++]) {
        size_t symbols = merge(e, text + at, ends[i] - at);
        put(e, e->scratch, symbols);
    }
}

// ---- in parts

// Three-byte characters, Chinese and its neighbours, are hardly ever joined.
static inline bool seldom_joined(const char *piece) {
    return (unsigned char)piece[0] >= 0xE0;
}

static inline void encode_all(PieceEncoder *e, const char *text, size_t size, size_t at,
                              const size_t *ends, size_t count) {
    if (e->memory) encode_words(e, text, size, at, ends, count);
    else encode_unremembered(e, text, at, ends, count);
}

// The piece from `at` to `end`, cut where no merge can be.
static void encode_parts(PieceEncoder *e, const char *text, size_t size, size_t at,
                         size_t end) {
    const Joins *joins = &e->tokenizer->joins;
    size_t ends[WORDS], count = 0, bytes, next;
    JoinChar left = join_char(text + at, &bytes), right;
    for (next = at + bytes; next < end; next += bytes, left = right) {
        right = join_char(text + next, &bytes);
        if (joins_may(joins, left, right, bytes)) continue;
        ends[count++] = next;
        if (count < WORDS) continue;
        encode_all(e, text, size, at, ends, count);
        at = next, count = 0;
    }
    ends[count++] = end;
    encode_all(e, text, size, at, ends, count);
}

void pieces_encode(PieceEncoder *e, const char *text, size_t size, size_t at,
                   const size_t *ends, size_t count) {
    make_room(e, ends[count - 1] - at);
    e->pieces += count;
    // pieces that come together are of a window, and ASCII
    bool cut = count == 1 && e->parts
               && (ends[0] - at > LONG_WORD_BYTES || seldom_joined(text + at));
    if (cut) encode_parts(e, text, size, at, ends[0]);
    else encode_all(e, text, size, at, ends, count);
}

void bytes_encode(PieceEncoder *e, const char *piece, size_t n) {
    make_room(e, n);
    size_t count = merge(e, piece, n);
    put(e, e->scratch, count);
}
