#include "ch01_tokenizer/joins.h"

#include <stdlib.h>

#include "common/error.h"

// A bit for two bytes of token: most bytes are in pairs that other tokens have too, and
// what is left sets a bit in thirty or so.
enum { BYTES_PER_BIT = 2, LEAST_LOG2 = 10 };

Joins joins_new(size_t bytes) {
    int log2 = LEAST_LOG2;
    while (((size_t)1 << log2) < bytes / BYTES_PER_BIT) log2++;
    return (Joins){.pairs = allocate(((size_t)1 << log2) / 64, sizeof(uint64_t)),
                   .shift = 64 - log2,
                   .bytes = allocate(256 * 256 / 64, sizeof(uint64_t))};
}

void joins_free(Joins *joins) {
    free(joins->pairs), free(joins->bytes);
    *joins = (Joins){0};
}

static void set_bit(uint64_t *bits, size_t bit) { bits[bit / 64] |= 1ull << bit % 64; }

static bool continues(const char *at) { return ((unsigned char)*at & 0xC0) == 0x80; }

// The character that begins at `at` and ends at `end` at the latest; 0 where that is only
// a part of one.
static JoinChar whole_char(const char *at, const char *end) {
    size_t size = 0;
    if (continues(at)) return 0;
    unsigned char lead = (unsigned char)*at;
    if (lead >= 0xC0 && end - at < (lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4)) return 0;
    return join_char(at, &size);
}

void joins_add(Joins *joins, const char *token, size_t n) {
    const char *end = token + n;
    for (const char *at = token + 1; at < end; at++) {
        if (continues(at)) continue;  // inside a character
        const char *left = at - 1;
        while (left > token && continues(left)) left--;
        JoinChar a = whole_char(left, at), b = whole_char(at, end);
        if (a && b) set_bit(joins->pairs, join_bit(joins, a, b));
        else
            set_bit(joins->bytes,
                    (size_t)(unsigned char)at[-1] << 8 | (unsigned char)*at);
    }
}
