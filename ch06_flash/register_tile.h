// The innermost piece of everything fast here: a tile of a product that lives in
// registers from its first term to its last. Lecture, section 6.7; it is the tile of
// common's matmul, for factors that are where they should be already.
//
//                          b: depth x TILE_COLS
//                          [ . . . . . . . . ]  one row: two vectors, loaded once
//        a: rows x depth   [                 ]
//        [ . ]             [ . . . . . . . . ]
//        [ . ]      c  +=  [ . . . . . . . . ]  one number of a, times both, into two of the
//        [ . ]             [ . . . . . . . . ]  2 rows sums that registers hold
//
// Each number of b is used `rows` times once it is loaded, each of a TILE_COLS times:
// of 32 registers 24 are sums, two hold b's row, one a number of a.
#pragma once
#include <stdbool.h>

#include "common/numeric/vec.h"

enum {
    TILE_ROWS = VEC_BYTES == 64 ? 12 : 6,
    TILE_COLS = 2 * VEC_LANES,
    // keys in a block of scores. It decides in which order sums are made, so it is the
    // same on all machines with vectors of this width: TILE_COLS columns of 96 floats
    // are 12 KiB of an L1 cache
    TILE_KEYS = 8 * TILE_ROWS,
};

// c (rows x TILE_COLS, c_step from row to row) = or += a b. Element (i, p) of a is at
// a[i * a_row + p * a_step], row p of b at b + p * b_step. `rows` is a constant where
// this is called.
VEC_INLINE void register_tile(real *c, ptrdiff_t c_step, const real *a, ptrdiff_t a_row,
                              ptrdiff_t a_step, const real *b, ptrdiff_t b_step,
                              int depth, bool add, const int rows) {
    Vec sum[TILE_ROWS][2];
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++)
        for (int half = 0; half < 2; half++)
            sum[i][half] = add ? vec_load(c + i * c_step + half * VEC_LANES) : (Vec){0};
    for (int p = 0; p < depth; p++, a += a_step, b += b_step) {
        Vec left = vec_load(b), right = vec_load(b + VEC_LANES);
#pragma GCC unroll 12
        for (int i = 0; i < rows; i++) {
            sum[i][0] += a[i * a_row] * left;
            sum[i][1] += a[i * a_row] * right;
        }
    }
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++)
        for (int half = 0; half < 2; half++)
            vec_store(c + i * c_step + half * VEC_LANES, sum[i][half]);
}
