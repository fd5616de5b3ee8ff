#include "common/numeric/mat.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"

Mat mat_new(int rows, int cols) {
    assert(rows >= 0 && cols >= 0);
    size_t bytes = (size_t)rows * (size_t)cols * sizeof(real);
    bytes = (bytes + 64) / 64 * 64;  // never 0, and a whole number of cache lines
    void *at = aligned_alloc(64, bytes);
    if (!at) die("out of memory: a %d x %d matrix", rows, cols);
    memset(at, 0, bytes);
    return mat_view(at, rows, cols);
}

void mat_free(Mat m) { free(m.at); }

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
