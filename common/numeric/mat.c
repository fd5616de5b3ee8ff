#include "common/numeric/mat.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "common/error.h"
#include "common/numeric/vec.h"

enum { ROWS_AHEAD = 8 };  // which mat_put_scaled asks for

// Of all threads.
static atomic_size_t bytes_now, bytes_most;

enum { LINE = 64 };  // bytes of a cache line

static _Noreturn void too_large(int rows, int cols) {
    die("out of memory: a %d x %d matrix", rows, cols);
}

// Without this check a product that passes 2^32, where size_t has 32 bits, would be a
// small one.
size_t mat_bytes(int rows, int cols) {
    assert(rows >= 0 && cols >= 0);
    size_t count, bytes;
    if (__builtin_mul_overflow((size_t)rows, (size_t)cols, &count)
        || __builtin_mul_overflow(count, sizeof(real), &bytes)
        || bytes > PTRDIFF_MAX - LINE)
        too_large(rows, cols);
    return bytes;
}

// Never 0, and a whole number of lines.
static size_t bytes_of(int rows, int cols) {
    return (mat_bytes(rows, cols) + LINE) / LINE * LINE;
}

static void count_new(size_t bytes) {
    size_t now = atomic_fetch_add(&bytes_now, bytes) + bytes,
           most = atomic_load(&bytes_most);
    while (now > most && !atomic_compare_exchange_weak(&bytes_most, &most, now))
        continue;
}

// A step's matrices are freed, and the next step asks for as many again. glibc gives much
// of them back to the system in between, which clears every page anew: with small models
// a tenth to a half of the time. So blocks of up to 32 MiB (its limit) come from one
// heap, and that keeps up to a gigabyte.
#ifdef __GLIBC__
__attribute__((constructor)) static void keep_what_is_freed(void) {
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
}
#endif

Mat mat_new(int rows, int cols) {
    size_t bytes = bytes_of(rows, cols);
    void *at = aligned_alloc(LINE, bytes);
    if (!at) too_large(rows, cols);
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

// The loops below run along rows. Where columns lie side by side (or rows do: then of the
// transposes) the compiler may take whole vectors.
static bool side_by_side(Mat m) { return m.col_stride == 1; }
static bool by_columns(Mat m) { return m.row_stride == 1 && m.col_stride != 1; }

void mat_fill(Mat m, real value) {
    if (by_columns(m)) m = mat_transpose(m);
    for (int i = 0; i < m.rows; i++) {
        real *x = mat_at(m, i, 0);
        if (side_by_side(m))
            for (int j = 0; j < m.cols; j++) x[j] = value;
        else
            for (int j = 0; j < m.cols; j++) x[j * m.col_stride] = value;
    }
}

void mat_scale(Mat m, real factor) {
    if (by_columns(m)) m = mat_transpose(m);
    for (int i = 0; i < m.rows; i++) {
        real *x = mat_at(m, i, 0);
        if (side_by_side(m))
            for (int j = 0; j < m.cols; j++) x[j] *= factor;
        else
            for (int j = 0; j < m.cols; j++) x[j * m.col_stride] *= factor;
    }
}

void mat_copy(Mat to, Mat from) {
    assert(to.rows == from.rows && to.cols == from.cols && "mat_copy: shapes differ");
    if (by_columns(to)) to = mat_transpose(to), from = mat_transpose(from);
    for (int i = 0; i < to.rows; i++) {
        real *x = mat_at(to, i, 0);
        const real *y = mat_at(from, i, 0);
        if (side_by_side(to) && side_by_side(from))
            for (int j = 0; j < to.cols; j++) x[j] = y[j];
        else
            for (int j = 0; j < to.cols; j++)
                x[j * to.col_stride] = y[j * from.col_stride];
    }
}

// x = or += factor y. Rows are short where heads are put together: the compiler's own
// loop spends more on finding out whether they overlap than on adding.
VEC_FUNCTION static void put_row(real *x, bool add, real factor, const real *y, int n) {
    int j = 0;
    for (; j + VEC_LANES <= n; j += VEC_LANES) {
        Vec v = factor * vec_load(y + j);
        vec_store(x + j, add ? vec_load(x + j) + v : v);
    }
    for (; j < n; j++) x[j] = add ? x[j] + factor * y[j] : factor * y[j];
}

void mat_put_scaled(Mat to, bool add, real factor, Mat from) {
    assert(to.rows == from.rows && to.cols == from.cols
           && "mat_put_scaled: shapes differ");
    if (by_columns(to)) to = mat_transpose(to), from = mat_transpose(from);
    for (int i = 0; i < to.rows; i++) {
        real *x = mat_at(to, i, 0);
        const real *y = mat_at(from, i, 0);
        if (side_by_side(to) && side_by_side(from)) {
            // heads are short rows far apart, which no prefetcher foresees
            if (i + ROWS_AHEAD < to.rows) {
                mat_ask(mat_rows(to, i + ROWS_AHEAD, 1));
                mat_ask(mat_rows(from, i + ROWS_AHEAD, 1));
            }
            put_row(x, add, factor, y, to.cols);
        } else
            for (int j = 0; j < to.cols; j++) {
                real *at = &x[j * to.col_stride], v = factor * y[j * from.col_stride];
                *at = add ? *at + v : v;
            }
    }
}

void mat_add_scaled(Mat to, real factor, Mat from) {
    mat_put_scaled(to, true, factor, from);
}
