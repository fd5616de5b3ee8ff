#include "ch06_flash/matmul_steps.h"

#include <assert.h>
#include <math.h>

#include "ch06_flash/register_tile.h"
#include "common/numeric/depth.h"
#include "common/numeric/small.h"

enum {
    // a block of B for loops over rows: 16 KiB of floats, half of a small L1 cache
    BLOCK_ROWS = 32,
    BLOCK_COLS = 128,
};

const int matmul_steps_rows = TILE_ROWS, matmul_steps_cols = TILE_COLS;

// ---- loops over rows

// y += factor x, n numbers: the compiler takes whole vectors.
static void row_add(real *y, real factor, const real *x, int n) {
    for (int j = 0; j < n; j++) y[j] += factor * x[j];
}

static void by_rows(Mat c, Mat a, Mat b) {
    mat_fill(c, 0);
    for (int i = 0; i < c.rows; i++)
        for (int p = 0; p < a.cols; p++)
            row_add(mat_at(c, i, 0), *mat_at(a, i, p), mat_at(b, p, 0), c.cols);
}

static void in_blocks(Mat c, Mat a, Mat b) {
    mat_fill(c, 0);
    for (int j = 0; j < c.cols; j += BLOCK_COLS)
        for (int first = 0; first < a.cols; first += BLOCK_ROWS)
            for (int i = 0; i < c.rows; i++)
                for (int p = first; p < int_min(first + BLOCK_ROWS, a.cols); p++)
                    row_add(mat_at(c, i, j), *mat_at(a, i, p), mat_at(b, p, j),
                            int_min(BLOCK_COLS, c.cols - j));
}

// ---- tiles in registers

// c (=, or += with `keep`, ones) a b. c's columns are the tile's, b's rows lie b_step
// apart.
VEC_FUNCTION static void column_of_tiles(Mat c, Mat a, const real *b, ptrdiff_t b_step,
                                         const Vec *keep) {
    for (int i = 0; i < c.rows; i += TILE_ROWS)
        register_tile(mat_at(c, i, 0), c.row_stride, mat_at(a, i, 0), a.row_stride, 1,
                      b, b_step, a.cols, keep, TILE_ROWS, TILE_VECS);
}

static void in_registers(Mat c, Mat a, Mat b) {
    for (int j = 0; j < c.cols; j += TILE_COLS)
        column_of_tiles(mat_cols(c, j, TILE_COLS), a, mat_at(b, 0, j), b.row_stride,
                        NULL);
}

VEC_FUNCTION static void packed(Mat c, Mat a, Mat b) {
    const int most = depth_of(a.cols);
    Mat panel = mat_new(most, TILE_COLS);
    Vec ones[TILE_VECS];
    for (int v = 0; v < TILE_VECS; v++) ones[v] = vec_splat(1);
    for (int j = 0; j < c.cols; j += TILE_COLS)
        for (int p = 0; p < a.cols; p += most) {
            int depth = int_min(most, a.cols - p);
            mat_copy(mat_rows(panel, 0, depth),
                     mat_cols(mat_rows(b, p, depth), j, TILE_COLS));
            column_of_tiles(mat_cols(c, j, TILE_COLS), mat_cols(a, p, depth), panel.at,
                            TILE_COLS, p > 0 ? ones : NULL);
        }
    mat_free(panel);
}

// ---- the steps

const MatmulStepKind matmul_steps[] = {
    [MATMUL_DEFINITION] = {"definition", matmul_naive},
    [MATMUL_ROWS] = {"rows", by_rows},
    [MATMUL_BLOCKS] = {"blocks", in_blocks},
    [MATMUL_REGISTERS] = {"registers", in_registers},
    [MATMUL_PACKED] = {"packed", packed},
    [MATMUL_COMMON] = {"common", matmul},
};
_Static_assert(sizeof matmul_steps / sizeof *matmul_steps == MATMUL_STEPS,
               "a step without its function");

// ---- words

void matmul_in_tiles(Mat c, Mat a, Mat b, int rows, int cols, Memory *m) {
    assert(c.rows % rows == 0 && c.cols % cols == 0 && "matmul_in_tiles: a rest");
    Slow left = memory_place(m, a), right = memory_place(m, b), to = memory_place(m, c);
    for (int i = 0; i < c.rows; i += rows)
        for (int j = 0; j < c.cols; j += cols) {
            Tile sum = tile_new(m, rows, cols);
            for (int p = 0; p < a.cols; p++) {
                Tile x = tile_read(m, slow_cols(slow_rows(left, i, rows), p, 1)),
                     y = tile_read(m, slow_cols(slow_rows(right, p, 1), j, cols));
                tile_mix(m, sum, x, y);
                tile_free(m, y), tile_free(m, x);
            }
            tile_write(m, slow_cols(slow_rows(to, i, rows), j, cols), sum);
            tile_free(m, sum);
        }
    memory_flush(m);
}

double matmul_in_tiles_words(Mat a, Mat b, int rows, int cols) {
    double outputs = (double)a.rows * b.cols;
    return outputs * a.cols * (1.0 / rows + 1.0 / cols) + outputs;
}

double matmul_words_bound(Mat a, Mat b, double capacity) {
    return 2.0 * a.rows * a.cols * b.cols / sqrt(capacity) - 2 * capacity;
}
