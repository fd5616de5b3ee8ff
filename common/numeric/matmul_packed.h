// Y = X B for a B that is used many times: it is packed once into the order in which tiles
// read it, and every product after that is one straight walk through memory.
//
//     B   k x m            in memory: panel after panel, each row after row
//     +------+------+---
//     | TILE |      |          | row 0 of panel 0 | row 1 | ... | row 0 of panel 1 | ...
//     | COLS |      |
//     |      |      |      A panel is read from memory for the first tile of Y and from the
//     +------+------+---   caches for the others; while they compute, the next one comes.
//
// matmul packs too, in every product, which pays where X has many rows. matmul_few reads B
// as it lies, which is best where B is used a few times. This is for weights that thousands
// of steps go through: it reads as fast as memory allows, and from about 16 rows on
// computes at four fifths of what the processor can.
//
// Each number of Y is the same sum in the same order as in matmul (depth.h): the same bits,
// for any number of rows and of threads.
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "common/numeric/mat.h"

typedef struct {
    real *at;        // NULL: not there
    int rows, cols;  // of B
} Packed;

// A copy of b (any strides), in panels, at `room`, which has packed_room(b) numbers: the
// caller's, who does best with one room, in large pages (large.h), for many matrices.
size_t packed_room(Mat b);
Packed packed_in(real *room, Mat b);

// Columns of a panel: a part of B must begin at a multiple of them.
int packed_step(void);
// Columns first .. first + count - 1 of b.
Packed packed_cols(Packed b, int first, int count);

// Y = X B or, with add, Y += X B. x: n x k, b: k x m, y: n x m; x and y with col_stride
// 1; n, k >= 1. y overlaps neither.
void matmul_packed(Mat y, Mat x, Packed b, bool add);
