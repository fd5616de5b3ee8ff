// C = A B, in blocks that fit the caches and tiles that fit the registers.
//
// A product of n x n matrices does 2 n^3 operations on 2 n^2 numbers: each number is
// used n times. The art is to use it often while it is near. From the outside in (Goto
// and van de Geijn, "Anatomy of High-Performance Matrix Multiplication", 2008; BLIS):
//
//                       32 panels at most
//                      +------+------+------+--- - -
//            DEPTH = k | TILE |      |      |           B, one block: packed, read from L2/L3
//                      | COLS |      |      |              one panel: DEPTH x TILE_COLS, stays in L1
//                      +------+------+------+--- - -
//             k
//        +---------+   +------+------+
//   TILE |---->    |   | tile |      |                  C, one tile: TILE_ROWS x 2 vectors, in registers
//   ROWS |---->    |   |      |      |                     for all of k; then added to memory, once
//        +---------+   +------+------+
//        |         |   |      |      |
//        +---------+   +------+------+
//        :         :   :      :
//     A, one block: at most 12 panels of TILE_ROWS x DEPTH, stays in L2
//
// Packing copies a panel into the order in which the tile reads it, so that the
// innermost loop walks straight through memory whatever the views' strides are. A panel
// that is not full is padded with zeros. Full panels of an A whose rows are contiguous
// are read where they lie: a tile takes single numbers of A, so TILE_ROWS rows are as
// many straight walks, and a copy would cost more than it saves. So are those of a
// transposed A for a C of a few columns. While a block is multiplied, the memory that the
// next one needs is asked for.
//
// Threads: C is cut into a grid, one cell a thread, and each thread multiplies its cell
// by the same program. Nobody ever splits k, so every element of C is the same sum in
// the same order: the same bits.
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "common/error.h"
#include "common/numeric/depth.h"
#include "common/numeric/machine.h"
#include "common/numeric/mat.h"
#include "common/numeric/panel.h"
#include "common/numeric/small.h"
#include "common/numeric/threads.h"
#include "common/numeric/tile.h"
#include "common/numeric/vec.h"

enum {
    // blocks decide what is near, not the bits: depth.h does that
    MOST_ROWS = 12 * TILE_ROWS,  // of a block: more gains nothing where they would fit
    MOST_COLS = 32 * TILE_COLS,
    STEPS = 4,  // of k, between two rows of C that are asked for
    LINE = 64 / sizeof(real),
    ROOM_A = MOST_ROWS / TILE_ROWS * (DEPTH * TILE_ROWS + LINE),  // of packed panels
    ROOM_B = MOST_COLS / TILE_COLS * (DEPTH * TILE_COLS + LINE),
    CHUNK = 1024,  // of a vector, in a product of a vector and a matrix
};

// A block of A takes at most an eighth of L2, one of B half of it: whole tiles.
static int panels_in(size_t bytes, int tile, int most) {
    int panels = (int)size_min(bytes / (DEPTH * tile * sizeof(real)), 1 << 10);
    return int_min(most, int_max(1, panels) * tile);
}
// Equal blocks: 256 rows are 132 + 124, not 144 + 112.
static int block_rows(int rows) {
    int most = panels_in(cache_l2() / 8, TILE_ROWS, MOST_ROWS);
    return ceil_div(ceil_div(rows, ceil_div(rows, most)), TILE_ROWS) * TILE_ROWS;
}
static int block_cols(void) { return panels_in(cache_l2() / 2, TILE_COLS, MOST_COLS); }

// c = plus + a b; plus.at NULL: nothing. Functions hand on its address: a copy is made in
// wide pieces, which would wait for the numbers just written.
typedef struct {
    Mat c, plus, a, b;
} Product;

static Mat block(Mat m, int row, int col, int rows, int cols) {
    real *at = m.at ? mat_at(m, row, col) : NULL;  // no matrix: no block of it
    return (Mat){at, rows, cols, m.row_stride, m.col_stride};
}

// ---- the tile

// What will be needed when this block is done: tiles ask for it, a cache line every few
// steps, so that it comes while they compute.
typedef struct {
    const char *row;  // and `done` bytes of it asked for
    ptrdiff_t bytes, step, done;
    int rows;
} Walk;
typedef struct {
    Walk now, then;
} Soon;

// Through all of m, along the numbers that lie side by side.
static Walk walk_of(Mat m) {
    if (m.col_stride != 1) m = mat_transpose(m);
    if (m.col_stride != 1 || m.cols <= 0 || m.rows <= 0) return (Walk){0};
    return (Walk){(const char *)m.at, (ptrdiff_t)sizeof(real) * m.cols,
                  (ptrdiff_t)sizeof(real) * m.row_stride, 0, m.rows};
}

VEC_INLINE void ask(Soon *s) {
    Walk *w = &s->now;
    if (!w->rows) return;
    __builtin_prefetch(w->row + w->done, 0, 2);  // for L2
    w->done += 64;
    if (w->done < w->bytes) return;
    w->done = 0, w->row += w->step;
    if (--w->rows == 0) *w = s->then, s->then.rows = 0;
}

// A tile of c, whose columns lie side by side, and what is added to it.
typedef struct {
    real *c;
    ptrdiff_t c_step;  // from row to row
    const real *plus;  // NULL: nothing
    ptrdiff_t plus_step;
    Soon *soon;
} Tile;

// c = plus + a b, rows x TILE_COLS; b's rows lie b_step apart. `rows` is a constant where
// this is called, so the loops over it unroll and the sums live in registers.
VEC_INLINE void tile(const Tile *t, Panel panel, const real *b, ptrdiff_t b_step,
                     int depth, const int rows) {
    Vec sum[TILE_ROWS][2];
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++) sum[i][0] = sum[i][1] = (Vec){0};
    const real *a[TILE_ROWS / 3];
#pragma GCC unroll 4
    for (int i = 0; i < TILE_ROWS / 3; i++) a[i] = panel.at + 3 * i * panel.row_step;
    // c is needed at the end: ask for it now, a row every few steps. All at once would
    // take the places where a's and b's numbers are waited for.
    const real *ahead = t->c;
    const ptrdiff_t c_step = t->c_step;
    int p = 0, left = rows;
    for (; p + STEPS <= depth; p += STEPS) {
        if (left-- > 0) {
            __builtin_prefetch(ahead, 1);
            __builtin_prefetch(ahead + TILE_COLS - 1, 1);
            ahead += c_step;
        }
        ask(t->soon);
#pragma GCC unroll 4
        for (int q = 0; q < STEPS; q++, b += b_step) tile_step(sum, a, panel, b, rows);
    }
#pragma GCC unroll 1
    for (; p < depth; p++, b += b_step) tile_step(sum, a, panel, b, rows);
    const real *plus = t->plus;
    if (plus)
#pragma GCC unroll 12
        for (int i = 0; i < rows; i++, plus += t->plus_step)
            for (int half = 0; half < 2; half++)
                sum[i][half] += vec_load(plus + half * VEC_LANES);
    real *c = t->c;
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++, c += c_step)
        for (int half = 0; half < 2; half++)
            vec_store(c + half * VEC_LANES, sum[i][half]);
}

// The last rows of c need not pay for a whole tile: `rows` is rounded up to 4, 8 or 12
// (of 12), and so many rows of c and of the panel are there.
VEC_INLINE void tile_of_height(const Tile *t, Panel panel, const real *b,
                               ptrdiff_t b_step, int depth, int rows) {
    if (rows > 2 * GRAIN) tile(t, panel, b, b_step, depth, TILE_ROWS);
    else if (rows > GRAIN) tile(t, panel, b, b_step, depth, 2 * GRAIN);
    else tile(t, panel, b, b_step, depth, GRAIN);
}

// The numbers of a row of a lie side by side, its rows row_step apart.
VEC_FUNCTION static void tile_by_rows(const Tile *t, const real *a, ptrdiff_t row_step,
                                      const real *b, ptrdiff_t b_step, int depth,
                                      int rows) {
    tile_of_height(t, (Panel){a, row_step, 1}, b, b_step, depth, rows);
}

// Those of a column do, its columns step apart: a packed panel, or a transposed view.
VEC_FUNCTION static void tile_by_columns(const Tile *t, const real *a, ptrdiff_t step,
                                         const real *b, ptrdiff_t b_step, int depth,
                                         int rows) {
    tile_of_height(t, (Panel){a, 1, step}, b, b_step, depth, rows);
}

// The part of a tile that c has goes out number by number.
static void tile_cut(Mat c, Mat plus, const real *lanes) {
    for (int i = 0; i < c.rows; i++)
        for (int j = 0; j < c.cols; j++) {
            real x = lanes[i * TILE_COLS + j];
            *mat_at(c, i, j) = plus.at ? *mat_at(plus, i, j) + x : x;
        }
}

// ---- packing

// Numbers from one packed panel to the next: a cache line more than it has. Panels that
// begin a whole number of pages apart would share a few places of the L1 cache, and
// packing writes to all of them at a time.
static inline int size_of_panel(int depth, int width) { return depth * width + LINE; }

// All panels of `from`, whose rows are theirs. Where the numbers of a column lie side by
// side, column after column goes to all whole panels: memory is read in its order.
VEC_INLINE void pack(real *to, Mat from, const int width) {
    const int whole = from.row_stride == 1 ? from.rows / width : 0;
    const int panel_size = size_of_panel(from.cols, width);
    for (int p = 0; whole && p < from.cols; p++) {
        const real *x = mat_at(from, 0, p);
        real *panel = to + p * width;
        for (int i = 0; i < whole; i++, x += width, panel += panel_size)
            memcpy(panel, x, (size_t)width * sizeof *x);
    }
    for (int i = whole * width; i < from.rows; i += width)
        panel_pack(to + i / width * panel_size, 1,
                   block(from, i, 0, int_min(width, from.rows - i), from.cols), width);
}

VEC_FUNCTION static void pack_a(real *to, Mat a) { pack(to, a, TILE_ROWS); }
VEC_FUNCTION static void pack_b(real *to, Mat b) {
    pack(to, mat_transpose(b), TILE_COLS);
}

// Each thread keeps one buffer for both blocks from its first product to its end.
static pthread_key_t buffer_key;
static void buffer_key_make(void) { pthread_key_create(&buffer_key, free); }
static real *buffer(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, buffer_key_make);
    real *at = pthread_getspecific(buffer_key);
    if (at) return at;
    // TILE_COLS more: packing may run over a little
    size_t bytes = (size_t)(ROOM_B + ROOM_A + TILE_COLS) * sizeof *at;
    at = aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (!at) die("out of memory: %zu bytes for matmul", bytes);
    pthread_setspecific(buffer_key, at);
    return at;
}

// ---- one thread's work

// c = plus + a b; the first `in_place` rows of a as they lie, the others packed; b
// packed or not. One panel of b stays in L1 while all of a goes by.
typedef struct {
    Mat c, plus, a, b;
    int in_place;
    const real *packed_a, *packed_b;
    Soon *soon;
} Panels;

// The tile of `rows` rows from row i on, and a panel of b.
VEC_INLINE void multiply_tile(const Panels *m, const Tile *t, int i, int rows,
                              const real *b, ptrdiff_t b_step) {
    const int depth = m->b.rows;
    if (i >= m->in_place)
        tile_by_columns(
            t,
            m->packed_a
                + (i - m->in_place) / TILE_ROWS * size_of_panel(depth, TILE_ROWS),
            TILE_ROWS, b, b_step, depth, rows);
    else if (m->a.col_stride == 1)
        tile_by_rows(t, m->a.at + i * m->a.row_stride, m->a.row_stride, b, b_step,
                     depth, rows);
    else tile_by_columns(t, m->a.at + i, m->a.col_stride, b, b_step, depth, rows);
}

// All tiles of a panel of b, whose columns are j ..
static void multiply_panel(const Panels *m, int j, const real *b, ptrdiff_t b_step) {
    const Mat c = m->c, plus = m->plus;
    const int cols = int_min(TILE_COLS, c.cols - j);
    const bool vectors =
        cols == TILE_COLS && c.col_stride == 1 && (!plus.at || plus.col_stride == 1);
    int rows;
    for (int i = 0; i < c.rows; i += rows) {
        rows = i < m->in_place ? tile_height(m->in_place - i)
                               : int_min(TILE_ROWS, c.rows - i);
        if (vectors && rows % GRAIN == 0) {
            multiply_tile(
                m,
                &(Tile){mat_at(c, i, j), c.row_stride,
                        plus.at ? mat_at(plus, i, j) : NULL, plus.row_stride, m->soon},
                i, rows, b, b_step);
        } else {
            real lanes[TILE_ROWS * TILE_COLS];
            multiply_tile(m, &(Tile){lanes, TILE_COLS, NULL, 0, m->soon}, i, rows, b,
                          b_step);
            tile_cut(block(c, i, j, rows, cols), block(plus, i, j, rows, cols), lanes);
        }
    }
}

static void multiply_panels(const Panels *m) {
    const int panel = size_of_panel(m->b.rows, TILE_COLS);
    for (int j = 0; j < m->c.cols; j += TILE_COLS)
        if (m->packed_b)
            multiply_panel(m, j, m->packed_b + j / TILE_COLS * panel, TILE_COLS);
        else multiply_panel(m, j, m->b.at + j, m->b.row_stride);
}

// How many rows of a are read where they lie: those that fill a tile of some height. Of a
// transposed a only where a copy would be used once or twice.
static int rows_in_place(Mat a, int rows, int cols) {
    bool seldom = a.row_stride == 1 && cols <= 2 * TILE_COLS;
    return a.col_stride == 1 || seldom ? rows / GRAIN * GRAIN : 0;
}

// What follows the block of A at row i and the piece of B at row p, column j: the next
// block of A or, after the last, the next piece of B and its first block of A.
static Soon soon_after(Mat a, Mat b, int i, int p, int j, int rows, int depth,
                       int cols) {
    if (i + rows < a.rows) {
        int k = int_min(depth, a.cols - p), next = int_min(rows, a.rows - i - rows);
        return (Soon){walk_of(block(a, i + rows, p, next, k)), {0}};
    }
    p += depth;
    if (p >= a.cols) p = 0, j += cols;
    if (j >= b.cols) return (Soon){{0}, {0}};
    int k = int_min(depth, a.cols - p);
    return (Soon){walk_of(block(b, p, j, k, int_min(cols, b.cols - j))),
                  walk_of(block(a, 0, p, int_min(rows, a.rows), k))};
}

static void multiply_blocks(const Product *m) {
    const Mat c = m->c, plus = m->plus, a = m->a, b = m->b;
    real *packed_b = buffer(), *packed_a = packed_b + ROOM_B;
    const int most_rows = block_rows(c.rows), most_cols = block_cols();
    int depth = depth_of(a.cols);
    // Rows of b that are used a few times only, or fit in L1 as they lie, are read in
    // place if they fill a panel.
    bool direct =
        b.col_stride == 1
        && (c.rows <= 3 * TILE_ROWS || b.rows * b.row_stride <= DEPTH * TILE_COLS);
    for (int j = 0; j < c.cols; j += most_cols) {
        int cols = int_min(most_cols, c.cols - j),
            whole = direct ? cols / TILE_COLS * TILE_COLS : 0;
        for (int p = 0; p < a.cols; p += depth) {
            int k = int_min(depth, a.cols - p);
            Mat left = block(b, p, j, k, whole),
                rest = block(b, p, j + whole, k, cols - whole);
            pack_b(packed_b, rest);
            for (int i = 0; i < c.rows; i += most_rows) {
                int rows = int_min(most_rows, c.rows - i),
                    in_place = rows_in_place(a, rows, cols);
                Mat part = block(a, i, p, rows, k), sum = p > 0 ? c : plus;
                pack_a(packed_a, block(part, in_place, 0, rows - in_place, k));
                Soon soon = soon_after(a, b, i, p, j, most_rows, depth, most_cols);
                if (whole > 0)
                    multiply_panels(&(Panels){block(c, i, j, rows, whole),
                                              block(sum, i, j, rows, whole), part, left,
                                              in_place, packed_a, NULL, &soon});
                if (whole < cols)
                    multiply_panels(
                        &(Panels){block(c, i, j + whole, rows, cols - whole),
                                  block(sum, i, j + whole, rows, cols - whole), part,
                                  rest, in_place, packed_a, packed_b, &soon});
            }
        }
    }
}

// c (1 x n) from a (1 x k): each number of b is used once, so packing would not pay. b
// is read in the order in which it lies: by columns as dot products, or by rows, four
// at a time, added to c's.
VEC_FUNCTION static void multiply_row(const Product *m) {
    const Mat c = m->c, a = m->a, b = m->b;
    Mat plus = m->plus;
    for (int p = 0; p < a.cols; p += CHUNK, plus = c) {
        real x[CHUNK], sum[CHUNK];
        int k = int_min(CHUNK, a.cols - p);
        for (int i = 0; i < k; i++) x[i] = *mat_at(a, 0, p + i);
        for (int j = 0; j < c.cols; j += CHUNK) {
            int n = int_min(CHUNK, c.cols - j);
            if (b.row_stride == 1) {
                for (int i = 0; i < n; i++)
                    sum[i] = array_dot(x, mat_at(b, p, j + i), (size_t)k);
            } else {
                memset(sum, 0, sizeof sum);
                int i = 0;
                for (; i + 4 <= k; i += 4) {
                    const real *b0 = mat_at(b, p + i, j), *b1 = b0 + b.row_stride;
                    const real *b2 = b1 + b.row_stride, *b3 = b2 + b.row_stride;
                    for (int v = 0; v < n; v++)
                        sum[v] += x[i] * b0[v] + x[i + 1] * b1[v]
                                  + (x[i + 2] * b2[v] + x[i + 3] * b3[v]);
                }
                for (; i < k; i++)
                    for (int v = 0; v < n; v++)
                        sum[v] += x[i] * *mat_at(b, p + i, j + v);
            }
            for (int i = 0; i < n; i++)
                *mat_at(c, 0, j + i) = sum[i] + (plus.at ? *mat_at(plus, 0, j + i) : 0);
        }
    }
}

static void multiply_alone(const Product *m, bool row) {
    if (row) multiply_row(m);
    else multiply_blocks(m);
}

// ---- sharing out

// The grid of cells for `threads`: the rows of it. Arithmetic costs rows * cols of the
// largest cell, packing about 16 (rows + cols); the product below has both.
static int grid_rows(Mat c, int threads) {
    int best = 1;
    double best_cost = INFINITY;
    for (int down = 1; down <= threads; down++) {
        if (threads % down) continue;
        int rows = ceil_div(ceil_div(c.rows, TILE_ROWS), down) * TILE_ROWS;
        int cols = ceil_div(ceil_div(c.cols, TILE_COLS), threads / down) * TILE_COLS;
        double cost = (rows + 16.0) * (cols + 16.0);
        if (cost < best_cost) best_cost = cost, best = down;
    }
    return best;
}

// Cell number `cell` of a grid that is `down` x `across`.
static void multiply_cell(const Product *m, bool row, int cell, int down, int across) {
    int rows = ceil_div(ceil_div(m->c.rows, TILE_ROWS), down) * TILE_ROWS,
        i = cell / across * rows;
    int cols = ceil_div(ceil_div(m->c.cols, TILE_COLS), across) * TILE_COLS,
        j = cell % across * cols;
    if (i >= m->c.rows || j >= m->c.cols) return;
    rows = int_min(rows, m->c.rows - i), cols = int_min(cols, m->c.cols - j);
    multiply_alone(
        &(Product){block(m->c, i, j, rows, cols), block(m->plus, i, j, rows, cols),
                   block(m->a, i, 0, rows, m->a.cols),
                   block(m->b, 0, j, m->b.rows, cols)},
        row);
}

static int threads_for(double microseconds) {
    // Waking a thread that sleeps takes some 20: each must get four times that to do.
    return microseconds < 160 ? 1 : (int)fmin(threads_free(), microseconds / 80);
}

// Whether C' = B' A' is the better shape: a tile writes rows, and is wider than high.
static bool better_turned(Mat c) {
    bool by_columns = c.row_stride == 1 && c.col_stride != 1;
    bool narrow = c.cols <= TILE_ROWS && c.cols < c.rows;
    return c.rows != 1 && (c.cols == 1 || narrow || (by_columns && c.rows > TILE_ROWS));
}

static void multiply_shared(const Product *m) {
    const Mat c = m->c;
    bool row = c.rows == 1 && (m->b.row_stride == 1 || m->b.col_stride == 1);
    int threads =
        threads_for((double)c.rows * c.cols * m->a.cols * (row ? 1e-4 : 1e-5));
    if (threads == 1) {  // OpenMP would do so too, only slower
        multiply_alone(m, row);
        return;
    }
    int down = grid_rows(c, threads), across = threads / down;
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (int cell = 0; cell < threads; cell++)
        multiply_cell(m, row, cell, down, across);
}

static void multiply(const Product *m) {
    assert(m->c.rows == m->a.rows && m->a.cols == m->b.rows && m->b.cols == m->c.cols
           && "matmul: shapes do not fit");
    if (m->c.rows == 0 || m->c.cols == 0) return;
    if (m->a.cols == 0) {
        if (!m->plus.at) mat_fill(m->c, 0);
        else if (m->plus.at != m->c.at) mat_copy(m->c, m->plus);
    } else if (better_turned(m->c)) {
        multiply_shared(&(Product){mat_transpose(m->c), mat_transpose(m->plus),
                                   mat_transpose(m->b), mat_transpose(m->a)});
    } else {
        multiply_shared(m);
    }
}

void matmul(Mat c, Mat a, Mat b) { multiply(&(Product){c, {0}, a, b}); }

void matmul_add(Mat c, Mat a, Mat b) { multiply(&(Product){c, c, a, b}); }

void matmul_plus(Mat c, Mat plus, Mat a, Mat b) {
    assert(plus.at && plus.rows == c.rows && plus.cols == c.cols
           && "matmul_plus: shapes differ");
    multiply(&(Product){c, plus, a, b});
}

void matmul_naive(Mat c, Mat a, Mat b) {
    assert(c.rows == a.rows && a.cols == b.rows && b.cols == c.cols
           && "matmul_naive: shapes do not fit");
    for (int i = 0; i < c.rows; i++)
        for (int j = 0; j < c.cols; j++) {
            real sum = 0;
            for (int p = 0; p < a.cols; p++) sum += *mat_at(a, i, p) * *mat_at(b, p, j);
            *mat_at(c, i, j) = sum;
        }
}
