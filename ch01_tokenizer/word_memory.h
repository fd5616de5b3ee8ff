// Words remembered: most pieces of a text were seen a moment ago, and their ids need not
// be computed again. Lecture, section 1.12.
//
//     key      H  e  l  l  o  0  0  0 | 0  0  0  0  0  0  0  5      the bytes, zeros, the length
//     ids      9906  -  -    count 1
//
// A word of up to 15 bytes and 3 ids is half a cache line. Its hash names a line, where
// it may be in either half: what is found in neither replaces the older one. Longer words
// (up to 31 bytes) and those of more ids (up to 7) have a line each, in a table of their
// own. The whole key is compared: words with the same hash take each other's place, never
// each other's ids.
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { WORD_BYTES = 15, WORD_IDS = 3, LONG_WORD_BYTES = 31, LONG_WORD_IDS = 7 };
enum { WORD_LINES_LOG2 = 15, WORD_LINES = 1 << WORD_LINES_LOG2 };
enum { LONG_WORDS_LOG2 = 14, LONG_WORDS = 1 << LONG_WORDS_LOG2, CACHE_LINE = 64 };

typedef struct {
    uint64_t key[2];
    int ids[WORD_IDS], count;
} Word;

typedef struct {
    uint64_t key[4];
    int ids[LONG_WORD_IDS], count;
} LongWord;
_Static_assert(2 * sizeof(Word) == CACHE_LINE && sizeof(LongWord) == CACHE_LINE,
               "two words per line, or one long one");

typedef struct {
    Word words[WORD_LINES][2];  // the newer first
    LongWord long_words[LONG_WORDS];
} WordMemory;  // 3 MiB

// Memories that nobody uses just now. Each thread that encodes takes one and puts it back,
// so what one text taught serves the next. All that there are, in use or not, stay below
// WORD_POOL_BYTES: threads beyond their number encode without remembering, with the same
// ids.
enum { WORD_POOL_BYTES = 32 << 20, WORD_POOL = WORD_POOL_BYTES / sizeof(WordMemory) };
typedef struct {
    WordMemory *_Atomic kept[WORD_POOL];
    _Atomic int made;  // and not freed
} WordPool;

extern const uint64_t word_masks[][2];  // all ones for the first n bytes

WordMemory *word_memory_new(void);  // remembers nothing yet
void word_memory_free(WordMemory *memory);
// place >= 0: a thread that names its own gets back what its processor's cache still has.
WordMemory *word_pool_take(WordPool *pool, int place);  // NULL: all are in use
void word_pool_give(WordPool *pool, WordMemory *memory, int place);
void word_pool_free(WordPool *pool);

enum { LITTLE_ENDIAN_WORDS = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ };

// A word's length, as the last of the eight bytes in memory: no byte of a word is there.
static inline uint64_t length_byte(size_t n) {
    return LITTLE_ENDIAN_WORDS ? (uint64_t)n << 56 : n;
}

// The key of a word of n <= WORD_BYTES bytes, of which `readable` >= n may be read.
static inline void word_key(uint64_t key[2], const char *word, size_t n,
                            size_t readable) {
    // one wide load, then forget what follows the word
    if (LITTLE_ENDIAN_WORDS && readable >= sizeof(uint64_t[2])) {
        memcpy(key, word, sizeof(uint64_t[2]));
        key[0] &= word_masks[n][0], key[1] &= word_masks[n][1];
    } else {
        key[0] = key[1] = 0;
        memcpy(key, word, n);
    }
    key[1] |= length_byte(n);
}

// The same for n <= LONG_WORD_BYTES.
static inline void long_word_key(uint64_t key[4], const char *word, size_t n) {
    key[0] = key[1] = key[2] = key[3] = 0;
    memcpy(key, word, n);
    key[3] |= length_byte(n);
}

static inline uint64_t word_hash(uint64_t a, uint64_t b) {
    uint64_t h = a ^ b * 0x9e3779b97f4a7c15u;
    return (h ^ h >> 32) * 0xd6e8feb86659fd93u;  // its upper bits are well mixed
}

static inline size_t word_line(const uint64_t key[2]) {
    return (size_t)(word_hash(key[0], key[1]) >> (64 - WORD_LINES_LOG2));
}

static inline size_t long_word_line(const uint64_t key[4]) {
    uint64_t h = word_hash(word_hash(key[0], key[1]) ^ key[2], key[3]);
    return (size_t)(h >> (64 - LONG_WORDS_LOG2));
}

// Whether the word is in its line, and *found where. Which half that is is as good as
// random: no branch depends on it.
static inline bool word_in_line(const Word line[2], const uint64_t key[2],
                                const Word **found) {
    uint64_t first = (line[0].key[0] ^ key[0]) | (line[0].key[1] ^ key[1]),
             second = (line[1].key[0] ^ key[0]) | (line[1].key[1] ^ key[1]);
    *found = line + (first != 0);
    return (first == 0) | (second == 0);
}

// NULL where the word is not remembered.
static inline const Word *word_find(const WordMemory *m, const uint64_t key[2]) {
    const Word *found;
    return word_in_line(m->words[word_line(key)], key, &found) ? found : NULL;
}

static inline const LongWord *long_word_find(const WordMemory *m,
                                             const uint64_t key[4]) {
    const LongWord *word = &m->long_words[long_word_line(key)];
    return memcmp(word->key, key, sizeof word->key) == 0 ? word : NULL;
}

// More ids than fit are not remembered.
void word_keep(WordMemory *memory, const uint64_t key[2], const int *ids, size_t count);
void long_word_keep(WordMemory *memory, const uint64_t key[4], const int *ids,
                    size_t count);
