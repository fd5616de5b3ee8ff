// A panel: some rows of a matrix, column after column, which is the order in which a tile
// of registers reads them. To turn rows into columns a square is read as vectors, turned
// in registers and stored as vectors.
//
//                    from                     to
//             row 0  [ a b c d ... ]          a e | b f | c g | d h | ...     width 2
//             row 1  [ e f g h ... ]
#pragma once
#include "common/numeric/vec.h"

// v becomes its transpose. Reading a row and a row half the height further down
// zipwise, as in shuffling a pack of cards, turns the bits of (row, lane) round by one;
// log2(VEC_LANES) times swap row and lane.
VEC_INLINE void vec_transpose(Vec v[VEC_LANES]) {
#pragma GCC unroll 4
    for (int round = 1; round < VEC_LANES; round *= 2) {
        Vec w[VEC_LANES];
#pragma GCC unroll 8
        for (int i = 0; i < VEC_LANES / 2; i++) {
            w[2 * i] = vec_zip_low(v[i], v[i + VEC_LANES / 2]);
            w[2 * i + 1] = vec_zip_high(v[i], v[i + VEC_LANES / 2]);
        }
#pragma GCC unroll 16
        for (int i = 0; i < VEC_LANES; i++) v[i] = w[i];
    }
}

// Lane i of the result = the sum of the lanes of v[i]. As above, but each round adds what
// it has paired: half as many vectors are left.
VEC_INLINE Vec panel_sums(Vec v[VEC_LANES]) {
#pragma GCC unroll 4
    for (int left = VEC_LANES / 2; left > 0; left /= 2)
#pragma GCC unroll 8
        for (int i = 0; i < left; i++)
            v[i] = vec_zip_low(v[i], v[i + left]) + vec_zip_high(v[i], v[i + left]);
    return v[0];
}

// to[p * width + i] = factor from(i, p), or 0 where i >= from.rows. `width` is a constant
// where this is called. Up to VEC_LANES - 1 numbers after the panel are written, if width
// is not a multiple of VEC_LANES.
VEC_INLINE void panel_pack(real *to, real factor, Mat from, const int width) {
    int p = 0;
    if (from.col_stride == 1) {
        // Squares of VEC_LANES x VEC_LANES, the last one first: where width is no
        // multiple of VEC_LANES it runs over into the next column, which is written
        // later.
        for (; p + VEC_LANES <= from.cols; p += VEC_LANES, to += VEC_LANES * width)
            for (int i = (width - 1) / VEC_LANES * VEC_LANES; i >= 0; i -= VEC_LANES) {
                Vec square[VEC_LANES];
                for (int lane = 0; lane < VEC_LANES; lane++)
                    square[lane] = i + lane < from.rows
                                       ? vec_load(mat_at(from, i + lane, p))
                                       : (Vec){0};
                vec_transpose(square);
                for (int lane = 0; lane < VEC_LANES; lane++)
                    vec_store(to + lane * width + i, factor * square[lane]);
            }
    }
    for (; p < from.cols; p++, to += width)
        for (int i = 0; i < width; i++)
            to[i] = i < from.rows ? factor * *mat_at(from, i, p) : 0;
}

// The way back: to(i, p) = or += factor[i] from[p * width + i]. Constants where this is
// called: `width`, a multiple of VEC_LANES, and `add`.
VEC_INLINE void panel_unpack(Mat to, const Vec *factor, const real *from,
                             const int width, const bool add) {
    for (int i = 0; i < to.rows; i += VEC_LANES)
        for (int p = 0; p < to.cols; p += VEC_LANES) {
            const int rows = to.rows - i, cols = to.cols - p;
            Vec square[VEC_LANES];
            for (int lane = 0; lane < VEC_LANES; lane++)
                square[lane] = lane < cols
                                   ? factor[i / VEC_LANES]
                                         * vec_load(from + (p + lane) * width + i)
                                   : (Vec){0};
            vec_transpose(square);
            for (int lane = 0; lane < VEC_LANES && lane < rows; lane++) {
                real *at = mat_at(to, i + lane, p);
                for (int c = cols < VEC_LANES ? cols - 1 : -1; c >= 0; c--)
                    at[c] = add ? at[c] + square[lane][c] : square[lane][c];
                if (cols >= VEC_LANES)
                    vec_store(at, add ? vec_load(at) + square[lane] : square[lane]);
            }
        }
}
