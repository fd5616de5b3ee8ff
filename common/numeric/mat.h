// Matrices as views: a pointer, a shape and two strides, passed by value.
//
//                      col_stride
//                     |-->|
//        at --> [ x   x   x   x ]  -
//               [ x   x   x   x ]  v row_stride      element (i, j) is at[i * row_stride + j * col_stride]
//
// A transpose, some rows or some columns are views of the same memory: nothing is
// copied. So head h of a multi-head query is mat_cols(q, h * d, d), and its scores read
// as the formula does:
//
//     matmul(scores, head, mat_transpose(key));                             S = Q K^T
//
// Everything is two-dimensional: rows = batch x time, columns = channels. Only mat_new
// owns memory. Shapes that do not fit are a caller's bug: an assert names them.
#pragma once
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

// The programs compute in float. The tests build everything once more with real =
// double, so that every backward pass can be checked against central differences to
// 1e-7.
#ifdef REAL_IS_DOUBLE
typedef double real;
#else
typedef float real;
#endif

typedef struct {
    real *at;                          // element (0, 0)
    int rows, cols;                    // 0 is a shape like any other
    ptrdiff_t row_stride, col_stride;  // in elements
} Mat;

// rows x cols zeros in memory of its own, on a 64-byte boundary, rows one after the
// other.
Mat mat_new(int rows, int cols);
void mat_free(Mat m);  // only what mat_new made

// Bytes of rows x cols numbers. More than any object can have end the program in one
// line.
size_t mat_bytes(int rows, int cols);

// How much memory mat_new has given that mat_free has not taken back, in bytes: now, and
// at most since the last restart. What a workspace costs is counted, not estimated.
typedef struct {
    size_t now, most;
} MatMemory;
MatMemory mat_memory(void);
void mat_memory_restart(void);

// A view of rows * cols numbers that lie row after row.
static inline Mat mat_view(real *at, int rows, int cols) {
    return (Mat){at, rows, cols, cols, 1};
}
static inline real *mat_at(Mat m, int row, int col) {
    return m.at + row * m.row_stride + col * m.col_stride;
}
static inline Mat mat_transpose(Mat m) {
    return (Mat){m.at, m.cols, m.rows, m.col_stride, m.row_stride};
}
// count x cols, rows x count
static inline Mat mat_rows(Mat m, int first, int count) {
    assert(0 <= first && 0 <= count && first + count <= m.rows
           && "mat_rows: rows outside the matrix");
    return (Mat){m.at + first * m.row_stride, count, m.cols, m.row_stride,
                 m.col_stride};
}
static inline Mat mat_cols(Mat m, int first, int count) {
    assert(0 <= first && 0 <= count && first + count <= m.cols
           && "mat_cols: columns outside the matrix");
    return (Mat){m.at + first * m.col_stride, m.rows, count, m.row_stride,
                 m.col_stride};
}

void mat_fill(Mat m, real value);
void mat_scale(Mat m, real factor);                  // m *= factor
void mat_add_scaled(Mat to, real factor, Mat from);  // to += factor from; as mat_copy
void mat_put_scaled(Mat to, bool add, real factor,
                    Mat from);    // that, or to = factor from
void mat_copy(Mat to, Mat from);  // same shape; any strides; must not overlap

// Asks memory for m (col_stride 1), so that it comes to the L2 cache while something else
// is computed. Nothing depends on it but time.
static inline void mat_ask(Mat m) {
    const int line = 64 / sizeof(real);  // of the cache
    for (int i = 0; i < m.rows; i++)
        for (int j = 0; j < m.cols; j += line)
            __builtin_prefetch(m.at + i * m.row_stride + j, 0, 2);
}

// c = a b and c += a b:  c is m x n, a is m x k, b is k x n; any sizes, any views; c overlaps neither.
// k = 0 gives c = 0 (or adds nothing). The bits of c do not depend on the number of
// threads; inside a parallel region the work stays on the calling thread. Chapter 6
// explains the tiles.
void matmul(Mat c, Mat a, Mat b);
void matmul_add(Mat c, Mat a, Mat b);
// c = plus + a b; plus has c's shape, and is c or overlaps nothing. With row_stride 0 its
// one row is added to all of c's: a bias.
void matmul_plus(Mat c, Mat plus, Mat a, Mat b);
// The same product by its definition, one thread, no tiles: what matmul is measured
// against.
void matmul_naive(Mat c, Mat a, Mat b);
