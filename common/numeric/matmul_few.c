#include "common/numeric/matmul_few.h"

#include <assert.h>

#include "common/numeric/depth.h"
#include "common/numeric/machine.h"
#include "common/numeric/small.h"
#include "common/numeric/vec.h"

enum {
    // rows of B at a time, two vectors of each: three quarters of the registers
    LINES = VEC_BYTES == 64 ? 12 : 4,
    FEWER = 4,                 // of the last ones
    MOST_WAIT = 8192,          // numbers of Y: 32 KiB of floats
    LINE = 64 / sizeof(real),  // of y: no two threads write to one cache line
};

// ---- one thread's work

// y[r] += x[r][0] b[0] + x[r][1] b[1] + ... for `lines` rows of B, so many vectors of
// them, and `rows` rows of y, which lie y_step apart: all constants where this is called.
VEC_INLINE void add_rows(real *y, int y_step, const real *x, ptrdiff_t x_step,
                         Vec held[LINES][2], const int lines, const int vectors,
                         const int rows) {
    Vec sum[2][2];
#pragma GCC unroll 2
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++)
            sum[r][v] = vec_load(y + r * y_step + v * VEC_LANES);
#pragma GCC unroll 12
    for (int l = 0; l < lines; l++)
#pragma GCC unroll 2
        for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
            for (int v = 0; v < vectors; v++)
                sum[r][v] += x[r * x_step + l] * held[l][v];
#pragma GCC unroll 2
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++)
            vec_store(y + r * y_step + v * VEC_LANES, sum[r][v]);
}

// For all rows of y, from column j on; two at a time, as a multiply-add waits for the one
// before it.
VEC_INLINE void add_strip(real *y, int cols, Mat x, Mat b, int j, const int lines,
                          const int vectors) {
    Vec held[LINES][2];
#pragma GCC unroll 12
    for (int l = 0; l < lines; l++)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++) {
            const real *at = b.at + l * b.row_stride + j + v * VEC_LANES;
            held[l][v] = vec_load(at);
            // no address is too far: asking for what is not there does nothing
            __builtin_prefetch(at + lines * b.row_stride);
        }
    int r = 0;
    for (; r + 2 <= x.rows; r += 2)
        add_rows(y + r * cols + j, cols, mat_at(x, r, 0), x.row_stride, held, lines,
                 vectors, 2);
    if (r < x.rows)
        add_rows(y + r * cols + j, cols, mat_at(x, r, 0), x.row_stride, held, lines,
                 vectors, 1);
}

// The same for all columns; what fills no vector number by number, in the same order.
VEC_INLINE void add_lines(real *y, int cols, Mat x, Mat b, const int lines) {
    int j = 0;
    for (; j + 2 * VEC_LANES <= cols; j += 2 * VEC_LANES)
        add_strip(y, cols, x, b, j, lines, 2);
    for (; j + VEC_LANES <= cols; j += VEC_LANES) add_strip(y, cols, x, b, j, lines, 1);
    for (; j < cols; j++)
        for (int r = 0; r < x.rows; r++)
            for (int l = 0; l < lines; l++)
                y[r * cols + j] += *mat_at(x, r, l) * *mat_at(b, l, j);
}

// y += x b
VEC_FUNCTION static void add_all(real *y, int cols, Mat x, Mat b) {
    int p = 0;
    for (; p + LINES <= b.rows; p += LINES)
        add_lines(y, cols, mat_cols(x, p, LINES), mat_rows(b, p, LINES), LINES);
    for (; p + FEWER <= b.rows; p += FEWER)
        add_lines(y, cols, mat_cols(x, p, FEWER), mat_rows(b, p, FEWER), FEWER);
    for (; p < b.rows; p++) add_lines(y, cols, mat_cols(x, p, 1), mat_rows(b, p, 1), 1);
}

// As many columns of Y at a time as wait in half of L1.
static void multiply(Mat y, Mat x, Mat b, bool add) {
    _Alignas(64) real wait[MOST_WAIT];
    int fit = (int)size_min(cache_l1() / 2 / sizeof *wait, MOST_WAIT) / x.rows,
        most = int_max(1, fit / (2 * VEC_LANES)) * 2 * VEC_LANES,
        depth = depth_of(x.cols);
    for (int j = 0; j < y.cols; j += most) {
        int cols = int_min(most, y.cols - j);
        Mat to = mat_cols(y, j, cols), sum = mat_view(wait, x.rows, cols);
        for (int p = 0; p < x.cols; p += depth) {
            int terms = int_min(depth, x.cols - p);
            mat_fill(sum, 0);
            add_all(wait, cols, mat_cols(x, p, terms),
                    mat_cols(mat_rows(b, p, terms), j, cols));
            if (add || p > 0) mat_add_scaled(to, 1, sum);
            else mat_copy(to, sum);
        }
    }
}

// ---- sharing out

void matmul_few(Mat y, Mat x, Mat b, bool add) {
    assert(y.rows == x.rows && y.cols == b.cols && x.cols == b.rows && x.cols >= 1
           && "matmul_few: shapes do not fit");
    assert(1 <= x.rows && x.rows <= MATMUL_FEW && "matmul_few: not a few rows");
    assert(x.col_stride == 1 && y.col_stride == 1 && b.col_stride == 1);
    int threads = weight_threads(x.rows, (double)b.rows * b.cols);
    if (threads == 1) {  // OpenMP would do so too, only slower
        multiply(y, x, b, add);
        return;
    }
    int each = ceil_div(ceil_div(y.cols, threads), LINE) * LINE;
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (int t = 0; t < threads; t++) {
        int first = t * each, cols = int_min(each, y.cols - first);
        if (cols > 0)
            multiply(mat_cols(y, first, cols), x, mat_cols(b, first, cols), add);
    }
}
