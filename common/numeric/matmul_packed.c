#include "common/numeric/matmul_packed.h"

#include <assert.h>

#include "common/numeric/depth.h"
#include "common/numeric/matmul_few.h"
#include "common/numeric/panel.h"
#include "common/numeric/small.h"
#include "common/numeric/tile.h"

// ---- packing

int packed_step(void) { return TILE_COLS; }

static size_t size_of_panel(int rows) { return (size_t)rows * TILE_COLS; }

size_t packed_room(Mat b) {
    return (size_t)ceil_div(b.cols, TILE_COLS) * size_of_panel(b.rows);
}

Packed packed_in(real *room, Mat b) {
    real *panel = room;
    for (int j = 0; j < b.cols; j += TILE_COLS, panel += size_of_panel(b.rows))
        panel_pack(panel, 1,
                   mat_transpose(mat_cols(b, j, int_min(TILE_COLS, b.cols - j))),
                   TILE_COLS);
    return (Packed){room, b.rows, b.cols};
}

Packed packed_cols(Packed b, int first, int count) {
    assert(first % TILE_COLS == 0 && 0 <= first && first + count <= b.cols
           && "packed_cols: not a number of whole panels, or outside");
    return (Packed){b.at + (size_t)first * b.rows, b.rows, count};
}

// ---- tiles

// Memory that is needed soon: `bytes` more of it at every step of a tile.
typedef struct {
    const char *at;
    ptrdiff_t bytes;
} Soon;

// y (rows x TILE_COLS) = or += x times `depth` rows of a panel. `rows` is a constant where
// this is called: the sums live in registers. `all`: this tile alone asks for the next
// panel, two lines at every step; else one is enough.
VEC_INLINE void tile(Mat y, Mat x, const real *panel, Soon *soon, bool add,
                     const int rows, const bool all) {
    Vec sum[TILE_ROWS][2];
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++) sum[i][0] = sum[i][1] = (Vec){0};
    const Panel left = {x.at, x.row_stride, 1};
    const char *ahead = soon->at;
    const ptrdiff_t bytes = soon->bytes;
    const real *a[TILE_ROWS / 3];
#pragma GCC unroll 4
    for (int i = 0; i < TILE_ROWS / 3; i++) a[i] = x.at + 3 * i * x.row_stride;
#pragma GCC unroll 4
    for (int p = 0; p < x.cols; p++, panel += TILE_COLS) {
        __builtin_prefetch(ahead, 0, 2);  // for L2
        if (all) __builtin_prefetch(ahead + bytes / 2, 0, 2);
        ahead += bytes;
        tile_step(sum, a, left, panel, rows);
    }
    soon->at = ahead;
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
        for (int half = 0; half < 2; half++) {
            real *at = y.at + i * y.row_stride + half * VEC_LANES;
            vec_store(at, add ? vec_load(at) + sum[i][half] : sum[i][half]);
        }
}

// Rows of the next tile, where `left` are left: tiles of whole grains, then fewer.
static int height_of(int left) {
    if (left >= GRAIN) return tile_height(left);
    return left >= GRAIN / 2 ? GRAIN / 2 : 1;
}
static int tiles_of(int rows) {
    int tiles = 0;
    for (; rows > 0; rows -= height_of(rows)) tiles++;
    return tiles;
}

VEC_INLINE void tile_of_height(Mat y, Mat x, const real *panel, Soon *soon, bool add,
                               const bool all) {
    if (y.rows == TILE_ROWS) tile(y, x, panel, soon, add, TILE_ROWS, all);
    else if (y.rows == 2 * GRAIN) tile(y, x, panel, soon, add, 2 * GRAIN, all);
    else if (y.rows == GRAIN) tile(y, x, panel, soon, add, GRAIN, all);
    else if (y.rows == GRAIN / 2) tile(y, x, panel, soon, add, GRAIN / 2, all);
    else tile(y, x, panel, soon, add, 1, all);
}

// y = or += x times rows first .. first + x.cols - 1 of a panel.
VEC_FUNCTION static void multiply_piece(Mat y, Mat x, const real *panel, Soon *soon,
                                        bool add) {
    if (height_of(y.rows) == y.rows) {
        tile_of_height(y, x, panel, soon, add, true);
        return;
    }
    for (int i = 0, rows; i < y.rows; i += rows) {
        rows = height_of(y.rows - i);
        tile_of_height(mat_rows(y, i, rows), mat_rows(x, i, rows), panel, soon, add,
                       false);
    }
}

// All pieces of a panel's sums, one after the other: y waits in L1.
static void multiply_panel(Mat y, Mat x, const real *panel, Soon *soon, bool add) {
    int depth = depth_of(x.cols);
    for (int p = 0, terms; p < x.cols; p += terms) {
        terms = int_min(depth, x.cols - p);
        multiply_piece(y, mat_cols(x, p, terms), panel + (size_t)p * TILE_COLS, soon,
                       add || p > 0);
    }
}

// The last panel, of which y has fewer columns.
static void multiply_cut(Mat y, Mat x, const real *panel, Soon *soon, bool add) {
    for (int i = 0; i < y.rows; i += TILE_ROWS) {
        real lanes[TILE_ROWS * TILE_COLS];
        int rows = int_min(TILE_ROWS, y.rows - i);
        Mat whole = mat_view(lanes, rows, TILE_COLS), to = mat_rows(y, i, rows),
            part = mat_cols(whole, 0, y.cols);
        mat_fill(whole, 0);
        if (add) mat_copy(part, to);
        multiply_panel(whole, mat_rows(x, i, rows), panel, soon, add);
        mat_copy(to, part);
    }
}

// One thread's work.
static void multiply(Mat y, Mat x, Packed b, bool add) {
    size_t size = size_of_panel(b.rows);
    ptrdiff_t row = TILE_COLS * sizeof(real), tiles = tiles_of(x.rows);
    for (int j = 0; j < y.cols; j += TILE_COLS) {
        const real *panel = b.at + (size_t)j * b.rows;
        int cols = int_min(TILE_COLS, y.cols - j);
        // each tile asks for its share of the next panel; no address is too far
        Soon soon = {(const char *)(panel + size), (row + tiles - 1) / tiles};
        if (cols == TILE_COLS)
            multiply_panel(mat_cols(y, j, cols), x, panel, &soon, add);
        else multiply_cut(mat_cols(y, j, cols), x, panel, &soon, add);
    }
}

// ---- sharing out

void matmul_packed(Mat y, Mat x, Packed b, bool add) {
    assert(y.rows == x.rows && y.cols == b.cols && x.cols == b.rows && x.cols >= 1
           && "matmul_packed: shapes do not fit");
    assert(x.col_stride == 1 && y.col_stride == 1);
    int threads = weight_threads(x.rows, (double)b.rows * b.cols);
    if (threads == 1) {  // OpenMP would do so too, only slower
        multiply(y, x, b, add);
        return;
    }
    int each = ceil_div(ceil_div(y.cols, threads), TILE_COLS) * TILE_COLS;
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (int t = 0; t < threads; t++) {
        int first = t * each, cols = int_min(each, y.cols - first);
        if (cols > 0)
            multiply(mat_cols(y, first, cols), x, packed_cols(b, first, cols), add);
    }
}
