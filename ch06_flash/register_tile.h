// The innermost piece of everything fast here: a tile of a product that lives in
// registers from its first term to its last. Lecture, section 6.7; it is the tile of
// common's matmul, for factors that are where they should be already.
//
//                              b: depth x TILE_COLS
//                              [ . . . . . . . . ]  one row: TILE_VECS vectors, loaded once
//            a: rows x depth   [                 ]
//            [ . ]             [ . . . . . . . . ]
//            [ . ]      c  +=  [ . . . . . . . . ]  one number of a, times all of them, into
//            [ . ]             [ . . . . . . . . ]  sums that registers hold
//
// Each number of b is used `rows` times once it is loaded, each of a TILE_COLS times: of
// 32 registers 24 are sums, four hold b's row, one a number of a. That is 10 loads for 24
// multiply-adds; 12 rows of two vectors would need 14.
#pragma once
#include <stdbool.h>

#include "common/numeric/vec.h"

enum {
    TILE_ROWS = 6,
    TILE_VECS = VEC_BYTES == 64 ? 4 : 2,  // of 16 registers 12 are sums
    TILE_COLS = TILE_VECS * VEC_LANES,
    // keys in a block of scores. It decides in which order sums are made, so it is the
    // same on all machines with vectors of this width: TILE_COLS columns of 48 floats
    // are 12 KiB of an L1 cache
    TILE_KEYS = 8 * TILE_ROWS,
};

// c (rows x vecs vectors, c_step from row to row) = a b or, with `keep`, c keep + a b,
// each column times a factor of its own. What was there is added last: a sum of many
// tiles is rounded like one of sums, not like one long sum. Element (i, p) of a is at
// a[i * a_row + p * a_step], row p of b at b + p * b_step. `rows` and `vecs` are
// constants where this is called.
VEC_INLINE void register_tile(real *c, ptrdiff_t c_step, const real *a, ptrdiff_t a_row,
                              ptrdiff_t a_step, const real *b, ptrdiff_t b_step,
                              int depth, const Vec *keep, const int rows,
                              const int vecs) {
    Vec sum[TILE_ROWS][TILE_VECS], x[TILE_VECS];
#pragma GCC unroll 6
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (int v = 0; v < vecs; v++) sum[i][v] = (Vec){0};
    for (int p = 0; p < depth; p++, a += a_step, b += b_step) {
#pragma GCC unroll 4
        for (int v = 0; v < vecs; v++) x[v] = vec_load(b + v * VEC_LANES);
#pragma GCC unroll 6
        for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
            for (int v = 0; v < vecs; v++) sum[i][v] += a[i * a_row] * x[v];
    }
#pragma GCC unroll 6
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (int v = 0; v < vecs; v++) {
            real *at = c + i * c_step + v * VEC_LANES;
            vec_store(at, keep ? keep[v] * vec_load(at) + sum[i][v] : sum[i][v]);
        }
}
