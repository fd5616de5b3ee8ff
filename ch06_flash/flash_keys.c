#include "ch06_flash/flash_keys.h"

#include <assert.h>
#include <math.h>

#include "ch06_flash/register_tile.h"
#include "common/numeric/compare.h"
#include "common/numeric/panel.h"
#include "common/numeric/small.h"

int tile_width(int columns) {
    enum { HALF = TILE_COLS / 2 };
    return ceil_div(columns, HALF) * HALF;
}

void pack_rows(Mat to, real factor, Mat from) {
    for (int i = 0; i < to.rows; i++) {
        real *row = mat_at(to, i, 0);
        int count = i < from.rows ? from.cols : 0;
        for (int c = 0; c < count; c++)
            row[c] = factor * from.at[i * from.row_stride + c];
        for (int c = count; c < to.cols; c++) row[c] = 0;
    }
}

// One panel after the other, each d x TILE_ROWS; and what panel_pack writes after it.
static Mat panels_new(int padded, int d) {
    return mat_new(padded / TILE_ROWS * d + ceil_div(VEC_LANES, TILE_ROWS), TILE_ROWS);
}

VEC_FUNCTION static void pack_panels(Mat panels, Mat from) {
    for (int j = 0; j < from.rows; j += TILE_ROWS) {
        panel_pack(mat_at(panels, j / TILE_ROWS * from.cols, 0), 1,
                   mat_rows(from, j, int_min(TILE_ROWS, from.rows - j)), TILE_ROWS);
    }
}

FlashKeys flash_keys_new(int count, int d, int d_v, bool backward) {
    FlashKeys keys = {.keys = count,
                      .padded = ceil_div(count, TILE_ROWS) * TILE_ROWS,
                      .d = d,
                      .d_v = d_v,
                      .width = tile_width(d),
                      .width_v = tile_width(d_v)};
    keys.k_panels = panels_new(keys.padded, keys.d);
    keys.v_rows = mat_new(keys.padded, keys.width_v);
    if (backward) {
        keys.k_rows = mat_new(keys.padded, keys.width);
        keys.v_panels = panels_new(keys.padded, keys.d_v);
    }
    return keys;
}

static real longest_row(Mat m) {
    double most = 0;
    for (int i = 0; i < m.rows; i++)
        most =
            nan_max(most, array_dot(mat_at(m, i, 0), mat_at(m, i, 0), (size_t)m.cols));
    return (real)sqrt(most);
}

void flash_keys_set(FlashKeys *keys, const FlashHead *h) {
    assert(h->k.rows == keys->keys && h->k.cols == keys->d && h->v.cols == keys->d_v);
    keys->longest = longest_row(h->k);
    pack_panels(keys->k_panels, h->k);
    pack_rows(keys->v_rows, 1, h->v);
    if (keys->k_rows.at) pack_rows(keys->k_rows, 1, h->k);
    if (keys->v_panels.at) pack_panels(keys->v_panels, h->v);
}

void flash_keys_free(FlashKeys *keys) {
    mat_free(keys->k_panels), mat_free(keys->v_panels);
    mat_free(keys->k_rows), mat_free(keys->v_rows);
}
