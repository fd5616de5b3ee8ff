// Bytes compared in vectors, against one at a time.
#include <criterion/criterion.h>

#include "common/numeric/rng.h"
#include "common/numeric/vec_bytes.h"

// Every byte in every lane, and each comparison that vec_bytes.h gives.
Test(vec_bytes, bits_are_lanes) {
    Rng rng = rng_new(1);
    char text[VEC_BYTES];
    for (int round = 0; round < 2000; round++) {
        for (int i = 0; i < VEC_BYTES; i++) text[i] = (char)rng_below(&rng, 256);
        text[round % VEC_BYTES] = (char)(round / VEC_BYTES);
        uint8_t first = (uint8_t)rng_below(&rng, 256),
                last = (uint8_t)(first + rng_below(&rng, 256 - first));
        ByteVec v = bytes_load(text);
        uint64_t within = 0, equal = 0;
        for (int i = 0; i < VEC_BYTES; i++) {
            uint8_t byte = (uint8_t)text[i];
            within |= (uint64_t)(byte >= first && byte <= last) << i;
            equal |= (uint64_t)(byte == first) << i;
        }
        cr_assert_eq(bytes_bits(bytes_within(v, first, last)), within, "%d to %d",
                     first, last);
        cr_assert_eq(bytes_bits(v == first), equal);
    }
    // all, none, and one alone
    for (int i = 0; i < VEC_BYTES; i++) text[i] = 'x';
    cr_assert_eq(bytes_bits(bytes_load(text) == 'x'), ~(uint64_t)0 >> (64 - VEC_BYTES));
    cr_assert_eq(bytes_bits(bytes_load(text) == 'y'), 0);
}
