#include "ch06_flash/flash_keys.h"

#include "ch06_flash/register_tile.h"
#include "common/numeric/small.h"

int tile_width(int columns) { return ceil_div(columns, TILE_COLS) * TILE_COLS; }

void pack_rows(Mat to, real factor, Mat from) {
    mat_fill(to, 0);
    for (int i = 0; i < from.rows; i++) {
        real *row = mat_at(to, i, 0);
        const real *x = mat_at(from, i, 0);
        for (int c = 0; c < from.cols; c++) row[c] = factor * x[c];
    }
}

// Rows row .. of from, at most TILE_ROWS, side by side.
static void pack_panel(real *to, Mat from, int row) {
    int count = int_min(TILE_ROWS, from.rows - row);
    for (int i = 0; i < count; i++) {
        const real *x = mat_at(from, row + i, 0);
        for (int p = 0; p < from.cols; p++) to[p * TILE_ROWS + i] = x[p];
    }
}

// One panel after the other, each d x TILE_ROWS; mat_new's zeros fill the last.
static Mat panels_new(Mat from, int padded) {
    Mat panels = mat_new(padded / TILE_ROWS * from.cols, TILE_ROWS);
    for (int j = 0; j < from.rows; j += TILE_ROWS)
        pack_panel(mat_at(panels, j / TILE_ROWS * from.cols, 0), from, j);
    return panels;
}

static Mat rows_new(Mat from, int padded) {
    Mat rows = mat_new(padded, tile_width(from.cols));
    pack_rows(rows, 1, from);
    return rows;
}

FlashKeys flash_keys_new(const FlashHead *h, bool backward) {
    int padded = ceil_div(h->k.rows, TILE_ROWS) * TILE_ROWS;
    FlashKeys keys = {h->k.rows,
                      padded,
                      h->k.cols,
                      h->v.cols,
                      tile_width(h->k.cols),
                      tile_width(h->v.cols),
                      {0},
                      {0},
                      {0},
                      {0}};
    keys.k_panels = panels_new(h->k, padded);
    keys.v_rows = rows_new(h->v, padded);
    if (backward) {
        keys.k_rows = rows_new(h->k, padded);
        keys.v_panels = panels_new(h->v, padded);
    }
    return keys;
}

void flash_keys_free(FlashKeys *keys) {
    mat_free(keys->k_panels), mat_free(keys->v_panels);
    mat_free(keys->k_rows), mat_free(keys->v_rows);
}
