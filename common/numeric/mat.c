#include "common/numeric/mat.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"

// Of all threads.
static atomic_size_t bytes_now, bytes_most;

static size_t bytes_of(int rows, int cols) {
    size_t bytes = (size_t)rows * (size_t)cols * sizeof(real);
    return (bytes + 64) / 64 * 64;  // never 0, and a whole number of cache lines
}

static void count_new(size_t bytes) {
    size_t now = atomic_fetch_add(&bytes_now, bytes) + bytes,
           most = atomic_load(&bytes_most);
    while (now > most && !atomic_compare_exchange_weak(&bytes_most, &most, now))
        continue;
}

Mat mat_new(int rows, int cols) {
    assert(rows >= 0 && cols >= 0);
    size_t bytes = bytes_of(rows, cols);
    void *at = aligned_alloc(64, bytes);
    if (!at) die("out of memory: a %d x %d matrix", rows, cols);
    memset(at, 0, bytes);
    count_new(bytes);
    return mat_view(at, rows, cols);
}

void mat_free(Mat m) {
    if (m.at) atomic_fetch_sub(&bytes_now, bytes_of(m.rows, m.cols));
    free(m.at);
}

MatMemory mat_memory(void) {
    return (MatMemory){atomic_load(&bytes_now), atomic_load(&bytes_most)};
}

void mat_memory_restart(void) { atomic_store(&bytes_most, atomic_load(&bytes_now)); }

Mat mat_rows(Mat m, int first, int count) {
    assert(0 <= first && 0 <= count && first + count <= m.rows
           && "mat_rows: rows outside the matrix");
    return (Mat){m.at + first * m.row_stride, count, m.cols, m.row_stride,
                 m.col_stride};
}

Mat mat_cols(Mat m, int first, int count) {
    assert(0 <= first && 0 <= count && first + count <= m.cols
           && "mat_cols: columns outside the matrix");
    return (Mat){m.at + first * m.col_stride, m.rows, count, m.row_stride,
                 m.col_stride};
}

void mat_fill(Mat m, real value) {
    for (int i = 0; i < m.rows; i++)
        for (int j = 0; j < m.cols; j++) *mat_at(m, i, j) = value;
}

void mat_scale(Mat m, real factor) {
    for (int i = 0; i < m.rows; i++)
        for (int j = 0; j < m.cols; j++) *mat_at(m, i, j) *= factor;
}

void mat_copy(Mat to, Mat from) {
    assert(to.rows == from.rows && to.cols == from.cols && "mat_copy: shapes differ");
    bool whole = to.col_stride == 1 && from.col_stride == 1;
    for (int i = 0; i < to.rows; i++) {
        if (whole && to.cols)
            memcpy(mat_at(to, i, 0), mat_at(from, i, 0),
                   (size_t)to.cols * sizeof(real));
        for (int j = 0; !whole && j < to.cols; j++)
            *mat_at(to, i, j) = *mat_at(from, i, j);
    }
}

void mat_add_scaled(Mat to, real factor, Mat from) {
    assert(to.rows == from.rows && to.cols == from.cols
           && "mat_add_scaled: shapes differ");
    for (int i = 0; i < to.rows; i++)
        for (int j = 0; j < to.cols; j++)
            *mat_at(to, i, j) += factor * *mat_at(from, i, j);
}
