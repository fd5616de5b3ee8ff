// As many bytes at once as a vector has: compared lane by lane, and what came out as the
// bits of one word, which the processor can shift, add and search.
//
//     ByteVec b = bytes_load(text);
//     uint64_t newlines = bytes_bits(b == '\n');           bit i: text[i] is a newline
//     if (newlines) first = __builtin_ctzll(newlines);
//
// No intrinsics (see vec.h). To gather the bits, byte k of every eight keeps bit k of its
// all ones; times 0x01...01 the eight bytes add up in the highest one:
//
//     -1  0 -1 -1  0  0  0 -1      a comparison, lowest byte first
//      1  0  4  8  0  0  0 128     each keeps its own bit
//                           141    their sum: 10110001, lowest bit first
#pragma once
#include <stdint.h>
#include <string.h>

#include "common/numeric/vec.h"

enum { BYTES_LANES = VEC_BYTES };  // at most 64
typedef uint8_t ByteVec __attribute__((vector_size(VEC_BYTES)));
typedef int8_t ByteMask __attribute__((vector_size(VEC_BYTES)));  // 0 or -1 per lane

VEC_INLINE ByteVec bytes_load(const char *p) {
    ByteVec v;
    memcpy(&v, p, sizeof v);
    return v;
}

// Lanes from `first` to `last`, both included. Below `first` the difference wraps round.
VEC_INLINE ByteMask bytes_within(ByteVec v, uint8_t first, uint8_t last) {
    return v - first <= (uint8_t)(last - first);
}

VEC_INLINE uint64_t bytes_bits(ByteMask mask) {
    typedef uint64_t Eights __attribute__((vector_size(VEC_BYTES)));
    typedef uint8_t Sums __attribute__((vector_size(VEC_BYTES / 8)));
    bool little_endian = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
    uint64_t own = little_endian ? 0x8040201008040201u : 0x0102040810204080u, bits = 0;
    Eights sums = ((Eights)mask & own) * 0x0101010101010101u >> 56;
    Sums packed = __builtin_convertvector(sums, Sums);
    if (little_endian) memcpy(&bits, &packed, sizeof packed);
    else
        for (int i = 0; i < VEC_BYTES / 8; i++) bits |= (uint64_t)packed[i] << 8 * i;
    return bits;
}
