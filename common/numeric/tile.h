// A tile: as many sums of a product of matrices as fit in the registers. matmul.c draws it
// among the blocks; matmul_packed.c uses it, too.
//
//     sum[i] += a[i][p] * b[p]        TILE_ROWS rows of A, one row of a panel of B
//
// Each number of B that is read is used TILE_ROWS times, and each of A TILE_COLS times.
#pragma once
#include <stddef.h>

#include "common/numeric/small.h"
#include "common/numeric/vec.h"

enum {
    // 24 sums of 32 registers, or 12 of 16; the rest hold A and B
    TILE_ROWS = VEC_BYTES == 64 ? 12 : 6,
    TILE_COLS = 2 * VEC_LANES,
    GRAIN = TILE_ROWS / 3,  // the last tile is one, two or three of them high
};

// Rows of the next tile, where `left` >= GRAIN are left: as equal as may be, since a low
// tile waits for its sums. 16 are 8 + 8, not 12 + 4.
static inline int tile_height(int left) {
    int tiles = ceil_div(left, TILE_ROWS), grains = left / GRAIN;
    return int_min(grains, ceil_div(grains, tiles)) * GRAIN;
}

// One panel of A: element (i, p) is at[i * row_step + p * step].
typedef struct {
    const real *at;
    ptrdiff_t row_step, step;
} Panel;

// sum += the outer product of a column of a and a row of b. Rows of a in threes: a
// processor adds a step, or two, to an address by itself.
VEC_INLINE void tile_step(Vec sum[TILE_ROWS][2], const real *a[TILE_ROWS / 3],
                          Panel panel, const real *b, const int rows) {
    Vec left = vec_load(b), right = vec_load(b + VEC_LANES);
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++) {
        real x = a[i / 3][i % 3 * panel.row_step];
        sum[i][0] += x * left;
        sum[i][1] += x * right;
    }
#pragma GCC unroll 4
    for (int i = 0; i < TILE_ROWS / 3; i++) a[i] += panel.step;
}
