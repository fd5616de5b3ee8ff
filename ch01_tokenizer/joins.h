// Which characters a token can join: a long piece falls into parts that no merge crosses.
// Lecture, section 1.12.
//
// A merge makes a token, and the token has every byte that it covers. So where no token
// of the vocabulary has the end of one character and the beginning of the next side by
// side, no merge ever joins the two, and encoding the parts apart gives the same ids:
//
//     今 天 | 天 气 | 很 好       a token with 天天 inside, or a piece of it: there is none
//
// Of Chinese text nine places in ten are such. What tokens do hold is remembered twice:
// whole characters side by side by a hash of the two, a bit each, so that now and then two
// are taken for joined that are not, which costs time and no more; and where a token has
// only a part of a character, by the two bytes that meet.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint64_t *pairs;  // a bit per hash of two characters
    int shift;        // 64 - log2 of the bits
    uint64_t *bytes;  // [256 x 256 / 64] a bit per two bytes
} Joins;

typedef uint32_t JoinChar;  // a character's bytes, the first one the highest

Joins joins_new(size_t bytes);  // for tokens of so many bytes together
void joins_free(Joins *joins);
// Joins whatever the token has side by side. Any bytes.
void joins_add(Joins *joins, const char *token, size_t n);

// The character at `at`, and its size: a lead byte says it. Well-formed UTF-8.
static inline JoinChar join_char(const char *at, size_t *size) {
    const unsigned char *b = (const unsigned char *)at;
    *size = b[0] < 0x80 ? 1 : b[0] < 0xE0 ? 2 : b[0] < 0xF0 ? 3 : 4;
    JoinChar c = b[0];
    for (size_t i = 1; i < *size; i++) c = c << 8 | b[i];
    return c;
}

static inline size_t join_bit(const Joins *joins, JoinChar left, JoinChar right) {
    return (size_t)(((uint64_t)left << 32 | right) * 0x9e3779b97f4a7c15u
                    >> joins->shift);
}

static inline bool bit_is_set(const uint64_t *bits, size_t bit) {
    return bits[bit / 64] >> bit % 64 & 1;
}

// Whether a merge may join the last byte of `left` to the first one of `right`, a
// character of `size` bytes.
static inline bool joins_may(const Joins *joins, JoinChar left, JoinChar right,
                             size_t size) {
    size_t meet = (left & 0xFF) << 8 | right >> 8 * (size - 1);
    return bit_is_set(joins->pairs, join_bit(joins, left, right))
           || bit_is_set(joins->bytes, meet);
}
