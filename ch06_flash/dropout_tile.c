#include "ch06_flash/dropout_tile.h"

#include <assert.h>

// The finalizer of SplitMix64.
static inline uint64_t mix(uint64_t x) {
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static uint64_t row_key(const FlashHead *h, int i) {
    uint64_t place =
        (uint64_t)(uint32_t)h->dropout.sequence << 32 | (uint32_t)h->number;
    return mix(mix(mix(h->dropout.seed) + place) + (uint32_t)i);
}

static real factor(const FlashHead *h, uint64_t row, int j) {
    // 53 bits, as of a uniform number in [0, 1)
    double x = (double)(mix(row ^ mix((uint32_t)j + 1)) >> 11) * 0x1p-53;
    return x < h->dropout.rate ? 0 : (real)(1 / (1 - h->dropout.rate));
}

real dropout_factor(const FlashHead *h, int i, int j) {
    return factor(h, row_key(h, i), j);
}

void dropout_tile(Mat p, const FlashHead *h, int row, int col) {
    assert(0 <= h->dropout.rate && h->dropout.rate < 1);
    for (int i = 0; i < p.rows && h->dropout.rate > 0; i++) {
        uint64_t key = row_key(h, row + i);
        for (int j = 0; j < p.cols; j++) *mat_at(p, i, j) *= factor(h, key, col + j);
    }
}
