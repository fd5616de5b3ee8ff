// Y = X B for a few rows of X, one token for each of several texts: B is read once, as
// it lies in memory.
//
// With many rows matmul copies B into the order in which its tiles read it, and many
// rows pay for the copy. A few do not: there the reading is what costs. So here it is Y
// that waits in the L1 cache, a block of columns of it, while the rows of B go by:
//
//                      two vectors
//            LINES    +----+
//            rows     |    | - - ->        held in registers;
//            of B     +----+
//                        |
//            Y        +----+
//            n rows   |    | - - ->   Y[r] += X[r][p] B[p] + X[r][p + 1] B[p + 1] + ...
//                     +----+
//
// Each number of Y is the same sum in the same order as in matmul (depth.h): the same
// bits, for any n and any number of threads. (matmul itself adds in another order where
// one of its factors has a single row or column.)
#pragma once
#include <math.h>
#include <stdbool.h>

#include "common/numeric/mat.h"
#include "common/numeric/threads.h"

// With more rows than these matmul is as fast.
enum { MATMUL_FEW = 32 };

// Microseconds that a number of B takes, about: its reading, or the arithmetic of so many
// rows where that is longer.
static inline double weight_microseconds(int rows) { return fmax(1.2e-4, 1e-5 * rows); }
// Threads for so many rows times so many numbers of B; waking one that sleeps takes 20 us.
static inline int weight_threads(int rows, double numbers) {
    return (int)fmax(1, fmin(threads_free(), numbers * weight_microseconds(rows) / 30));
}

// Y = X B or, with add, Y += X B. x: n x k, 1 <= n <= MATMUL_FEW, b: k x m, y: n x m,
// all with col_stride 1; k >= 1. y overlaps neither.
void matmul_few(Mat y, Mat x, Mat b, bool add);
