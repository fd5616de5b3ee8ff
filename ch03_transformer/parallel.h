// Loops shared out over threads, so that the bits do not depend on how many there are.
//
// Rows are independent: any sharing will do. A sum over rows (the gradient of a bias,
// of a norm's gain) is taken in ROW_BLOCKS pieces, whatever the number of threads, and
// the pieces are added in their order.
#pragma once
#include <stdbool.h>

#include "common/numeric/mat.h"
#include "common/numeric/threads.h"
#include "common/numeric/vec.h"

enum {
    // numbers: some 80 us of work, four times what it takes to wake a thread
    PARALLEL_LEAST = 1 << 17,
    ROW_BLOCKS = 32,
};

static inline bool worth_threads_for(size_t numbers) {
    return numbers >= PARALLEL_LEAST && threads_free() > 1;
}
static inline bool worth_threads(Mat m) {
    return worth_threads_for((size_t)m.rows * (size_t)m.cols);
}

// Block b of `rows` rows is block_first(rows, b) .. block_first(rows, b + 1) - 1.
static inline int block_first(int rows, int b) {
    return (int)((long long)rows * b / ROW_BLOCKS);
}

// to (1 x cols) += the sum of the rows of from; columns side by side.
void rows_sum_add(Mat to, Mat from);
// to (1 x cols) += the rows of parts (ROW_BLOCKS x cols), in their order.
void parts_add(Mat to, Mat parts);

// Lanes from p, of which only n are there (any n >= 1); 0 in the others. And the way
// back.
VEC_INLINE Vec vec_load_some(const real *p, int n) {
    return n >= VEC_LANES ? vec_load(p) : vec_load_part(p, (size_t)n, 0);
}
VEC_INLINE void vec_store_some(real *p, int n, Vec v) {
    if (n >= VEC_LANES) vec_store(p, v);
    else vec_store_part(p, (size_t)n, v);
}
// p[0 .. n-1] = v or += v.
VEC_INLINE void vec_put(real *p, int n, Vec v, bool add) {
    vec_store_some(p, n, add ? vec_load_some(p, n) + v : v);
}
