// FNV-1a, 64 bits (Fowler, Noll and Vo): for each unit of the input
//
//     h = (h xor unit) * 0x100000001b3,      from h = 0xcbf29ce484222325
//
// A unit is a byte, or a word where speed counts (a checkpoint's weights). It notices
// accidents (a damaged file, a name that changed), not an adversary.
//
//     uint64_t h = hash_text(HASH_START, name);
//     h = hash_bytes(h, data, size);              goes on where the first ended
#pragma once
#include <stddef.h>
#include <stdint.h>

#define HASH_START UINT64_C(0xcbf29ce484222325)

static inline uint64_t hash_unit(uint64_t h, uint32_t unit) {
    return (h ^ unit) * UINT64_C(0x100000001b3);
}
uint64_t hash_bytes(uint64_t h, const void *bytes, size_t count);
uint64_t hash_text(uint64_t h, const char *text);  // without the zero at its end
