// y = W x for one token: a matrix times a vector, as fast as memory gives the matrix.
//
// Each weight is used once, so nothing can be kept near (matmul.c's art is for many
// rows); all that counts is to read without a pause. Rows that lie one after the other
// are one stream, which the processor's own prefetcher follows. Some processors read
// faster in two streams that the loop asks for two kilobytes ahead, others slower: both
// loops stand here, and the first large products try them in turn on the real weights.
// They add in the same order: the same bits, whichever is chosen, for any number of
// threads.
#pragma once
#include <stdbool.h>

#include "common/numeric/mat.h"

// y = W x or, with add, y += W x. w: rows x cols, its rows contiguous (col_stride 1);
// x: cols numbers, y: rows numbers, neither overlaps the other or w.
void matvec(real *y, Mat w, const real *x, bool add);

// For tests and benches: the loops, the one in use (-1 until the first large products
// have tried them), its name ("" for -1), and to set it by hand (-1: try again).
enum { MATVEC_LOOPS = 2 };
int matvec_loop(void);
const char *matvec_loop_name(int loop);
void matvec_loop_set(int loop);
