#include "ch06_flash/query_tile.h"

#include <math.h>

#include "common/numeric/compare.h"
#include "common/numeric/panel.h"
#include "common/numeric/small.h"

QueryTile query_tile_new(const FlashHead *h, int row) {
    int queries = h->q.rows, keys = h->k.rows;
    QueryTile t = {.row = row, .count = int_min(TILE_COLS, queries - row)};
    for (int i = 0; i < t.count; i++) {
        KeyRange r = mask_range(&h->mask, queries, keys, row + i);
        int from = (int)long_min(long_max(r.first, 0), keys),
            to = (int)long_min(r.end, keys);
        t.from[i / VEC_LANES][i % VEC_LANES] = from;
        t.to[i / VEC_LANES][i % VEC_LANES] = to;
        if (i == 0) t.first = from, t.all_end = to;
        t.all_first = from, t.end = to;
    }
    return t;
}

KeyTile key_tile_from(const QueryTile *t, const FlashKeys *keys, int key) {
    int from = int_max(key, t->first / TILE_ROWS * TILE_ROWS),
        block_end = (from / TILE_KEYS + 1) * TILE_KEYS,
        to = int_min(int_min(block_end, keys->padded),
                     ceil_div(t->end, TILE_ROWS) * TILE_ROWS);
    return (KeyTile){from, int_max(0, to - from)};
}

VEC_FUNCTION void tile_products(real *s, const real *panels, int d, const real *q,
                                KeyTile k) {
    for (int j = 0; j < k.count; j += TILE_ROWS)
        register_tile(s + j * TILE_COLS, TILE_COLS, panels + (ptrdiff_t)(k.key + j) * d,
                      1, TILE_ROWS, q, TILE_COLS, d, NULL, TILE_ROWS, TILE_VECS);
}

Mat tile_view(real *s, const QueryTile *t, KeyTile k, const FlashHead *h) {
    return (Mat){s, t->count, int_min(k.count, h->k.rows - k.key), 1, TILE_COLS};
}

static void cap(real *s, real *slopes, size_t n, real softcap) {
    for (size_t i = 0; i < n; i++) s[i] /= softcap;
    array_tanh(s, n);
    for (size_t i = 0; i < n && slopes; i++) slopes[i] = 1 - s[i] * s[i];
    for (size_t i = 0; i < n; i++) s[i] *= softcap;
}

// Lanes see keys from .. to - 1.
VEC_FUNCTION static void hide(real *s, const QueryTile *t, KeyTile k) {
    for (int j = 0; j < k.count; j++)
        for (int v = 0; v < TILE_VECS; v++) {
            real *at = s + j * TILE_COLS + v * VEC_LANES;
            VecInt key = (VecInt){0} + (k.key + j);
            vec_store(at, vec_select((t->from[v] <= key) & (key < t->to[v]),
                                     vec_load(at), vec_splat(-(real)INFINITY)));
        }
}

static void hide_by_table(Mat s, const QueryTile *t, KeyTile k, const FlashHead *h) {
    for (int i = 0; i < s.rows; i++) {
        const unsigned char *allowed =
            h->mask.allowed + (size_t)(t->row + i) * (size_t)h->k.rows + k.key;
        for (int j = 0; j < s.cols; j++)
            if (!allowed[j]) *mat_at(s, i, j) = -(real)INFINITY;
    }
}

// All lanes that are not idle see all of these keys, but for a table.
static bool in_range(const QueryTile *t, KeyTile k) {
    return t->all_first <= k.key && k.key + k.count <= t->all_end;
}

bool tile_open(const QueryTile *t, KeyTile k, const FlashHead *h) {
    return in_range(t, k) && !h->mask.allowed && t->count == TILE_COLS;
}

void tile_finish(real *s, real *slopes, const QueryTile *t, KeyTile k,
                 const FlashHead *h) {
    Mat view = tile_view(s, t, k, h);
    if (h->softcap) cap(s, slopes, (size_t)(k.count * TILE_COLS), h->softcap);
    if (h->position)
        position_bias(h->position, h->number, view, t->row + h->k.rows - h->q.rows,
                      k.key);
    if (!in_range(t, k)) hide(s, t, k);
    if (h->mask.allowed) hide_by_table(view, t, k, h);
}

VEC_FUNCTION void tile_transpose(real *to, real factor, Mat from, const QueryTile *t) {
    panel_pack(to, factor, mat_rows(from, t->row, t->count), TILE_COLS);
}

VEC_FUNCTION real tile_longest(const real *q, int d) {
    Vec square[TILE_VECS] = {{0}};
    for (int c = 0; c < d; c++)
        for (int v = 0; v < TILE_VECS; v++, q += VEC_LANES)
            square[v] += vec_load(q) * vec_load(q);
    double most = 0;
    for (int i = 0; i < TILE_COLS; i++)
        most = nan_max(most, square[i / VEC_LANES][i % VEC_LANES]);
    return (real)sqrt(most);
}
