#include "ch06_flash/flash_fast.h"

#include <assert.h>
#include <stdlib.h>

#include "ch06_flash/dropout_tile.h"
#include "ch06_flash/query_tile.h"
#include "ch06_flash/tile_softmax.h"
#include "common/error.h"
#include "common/numeric/machine.h"
#include "common/numeric/panel.h"
#include "common/numeric/small.h"

// ---- sums over keys: c (columns x TILE_COLS) = keep o c + x^T p, x of count rows

// Six, four or two of the columns at a time; never two where two fours do.
VEC_FUNCTION static void mix_keys(real *c, const Vec *keep, const real *x, int columns,
                                  int width, const real *p, int count) {
    enum { MOST = TILE_ROWS, MORE = 2 * TILE_ROWS / 3, LESS = TILE_ROWS / 3 };
    for (int i = 0, left = columns; left > 0;) {
        real *to = c + i * TILE_COLS;
        int rows = left > MOST + LESS || (left <= MOST && left > MORE) ? MOST
                   : left > LESS                                       ? MORE
                                                                       : LESS;
        if (rows == MOST)
            register_tile(to, TILE_COLS, x + i, 1, width, p, TILE_COLS, count, keep,
                          MOST, TILE_VECS);
        else if (rows == MORE)
            register_tile(to, TILE_COLS, x + i, 1, width, p, TILE_COLS, count, keep,
                          MORE, TILE_VECS);
        else
            register_tile(to, TILE_COLS, x + i, 1, width, p, TILE_COLS, count, keep,
                          LESS, TILE_VECS);
        i += rows, left -= rows;
    }
}

// Rows that mix_keys may write: whole tiles.
static int mixed_rows(int columns) { return columns + TILE_ROWS; }

// c (count x width) += p x: p count keys x TILE_COLS queries, x a row for each query. A
// width is whole tiles and at most one half.
VEC_FUNCTION static void mix_queries(Mat c, const real *p, Mat x, const Vec *ones) {
    enum { HALF = TILE_VECS / 2 };
    for (int j = 0; j < c.rows; j += TILE_ROWS) {
        const real *from = p + j * TILE_COLS;
        int col = 0;
        for (; col + TILE_COLS <= c.cols; col += TILE_COLS)
            register_tile(mat_at(c, j, col), c.row_stride, from, TILE_COLS, 1,
                          mat_at(x, 0, col), x.row_stride, TILE_COLS, ones, TILE_ROWS,
                          TILE_VECS);
        if (col < c.cols)
            register_tile(mat_at(c, j, col), c.row_stride, from, TILE_COLS, 1,
                          mat_at(x, 0, col), x.row_stride, TILE_COLS, ones, TILE_ROWS,
                          HALF);
    }
}

// |s| <= |q| |k|: whether it is small for these queries (transposed, with the scale) and
// all keys. (A soft-cap makes scores smaller; a position adds to them. A comparison with
// NaN is false.)
static bool small_scores(Mat q, const FlashHead *h, const FlashKeys *keys) {
    return !h->position && tile_longest(q.at, q.rows) * keys->longest <= SCORE_SMALL;
}

// ---- forward

typedef struct {
    QueryTile t;
    TileSoftmax softmax;
    Mat q, o;  // transposed: d x TILE_COLS, d_v and some more x TILE_COLS
} Running;

struct FlashWork {
    int tiles;
    Running *r;
    Mat s, q, o;  // TILE_KEYS x TILE_COLS; those of all tiles
};

static void begin(Running *r, const FlashHead *h, const FlashKeys *keys, int row) {
    r->t = query_tile_new(h, row);
    tile_transpose(r->q.at, h->scale, h->q, &r->t);
    r->softmax = tile_softmax_new(small_scores(r->q, h, keys));
    mat_fill(r->o, 0);
}

static void see_keys(Running *r, real *s, KeyTile k, const FlashHead *h,
                     const FlashKeys *keys) {
    tile_products(s, keys->k_panels.at, keys->d, r->q.at, k);
    tile_finish(s, NULL, &r->t, k, h);
    tile_softmax_see(&r->softmax, s, k.count, tile_open(&r->t, k, h));
    dropout_tile(tile_view(s, &r->t, k, h), h, r->t.row, k.key);
    mix_keys(r->o.at, r->softmax.factor, mat_at(keys->v_rows, k.key, 0), keys->d_v,
             keys->width_v, s, k.count);
}

VEC_FUNCTION static void finish(const Running *r, Mat out, Mat lse) {
    Vec share[TILE_VECS];
    tile_softmax_shares(share, &r->softmax);
    panel_unpack(mat_rows(out, r->t.row, r->t.count), share, r->o.at, TILE_COLS, false);
    for (int i = 0; i < r->t.count; i++)
        *mat_at(lse, r->t.row + i, 0) = tile_softmax_log(&r->softmax, i);
}

// So many tiles of queries, and what is summed for them, take a quarter of the L2
// cache.
static size_t tile_bytes(int d, int d_v) {
    return (size_t)(d + mixed_rows(d_v)) * TILE_COLS * sizeof(real);
}
static int tiles_together(int d, int d_v) {
    return int_max(1, int_min(8, (int)(cache_l2() / 4 / tile_bytes(d, d_v))));
}

size_t flash_work_bytes(int d, int d_v) {
    return (size_t)tiles_together(d, d_v) * tile_bytes(d, d_v)
           + TILE_KEYS * TILE_COLS * sizeof(real);
}

FlashWork *flash_work_new(const FlashKeys *keys) {
    int tiles = tiles_together(keys->d, keys->d_v), rows = mixed_rows(keys->d_v);
    FlashWork *w = allocate(1, sizeof *w);
    *w = (FlashWork){tiles, aligned_alloc(64, (size_t)tiles * sizeof *w->r),
                     mat_new(TILE_KEYS, TILE_COLS), mat_new(tiles * keys->d, TILE_COLS),
                     mat_new(tiles * rows, TILE_COLS)};
    if (!w->r) die("out of memory");
    for (int i = 0; i < tiles; i++) {
        w->r[i].q = mat_rows(w->q, i * keys->d, keys->d);
        w->r[i].o = mat_rows(w->o, i * rows, rows);
    }
    return w;
}

void flash_work_free(FlashWork *w) {
    if (!w) return;
    mat_free(w->s), mat_free(w->q), mat_free(w->o);
    free(w->r), free(w);
}

static void attend_tiles(FlashWork *w, int tiles, const FlashHead *h,
                         const FlashKeys *keys) {
    for (int block = 0; block < keys->padded; block += TILE_KEYS)
        for (int i = 0; i < tiles; i++) {
            KeyTile k = key_tile_from(&w->r[i].t, keys, block);
            if (k.count && k.key < block + TILE_KEYS)
                see_keys(&w->r[i], w->s.at, k, h, keys);
        }
}

void flash_fast(Mat out, Mat lse, const FlashHead *h, const FlashKeys *keys,
                FlashWork *w, int first, int count) {
    assert(first % TILE_COLS == 0);
    for (int row = first, end = first + count; row < end;) {
        int tiles = 0;
        for (; tiles < w->tiles && row < end; tiles++, row += TILE_COLS)
            begin(&w->r[tiles], h, keys, row);
        attend_tiles(w, tiles, h, keys);
        for (int i = 0; i < tiles; i++) finish(&w->r[i], out, lse);
    }
}

// ---- backward

// What a tile of queries needs: rows as they are, and transposed.
typedef struct {
    QueryTile t;
    bool small;  // all scores
    Vec lse[TILE_VECS], d[TILE_VECS], ones[TILE_VECS];
    Mat q, out_grad, q_turned, out_grad_turned, q_grad;
    Mat p, ds, slopes;  // TILE_KEYS x TILE_COLS
} Pulling;

static Pulling pulling_new(const FlashKeys *keys) {
    Pulling r = {.q = mat_new(TILE_COLS, keys->width),
                 .out_grad = mat_new(TILE_COLS, keys->width_v),
                 .q_turned = mat_new(keys->d, TILE_COLS),
                 .out_grad_turned = mat_new(keys->d_v, TILE_COLS),
                 .q_grad = mat_new(mixed_rows(keys->d), TILE_COLS),
                 .p = mat_new(TILE_KEYS, TILE_COLS),
                 .ds = mat_new(TILE_KEYS, TILE_COLS),
                 .slopes = mat_new(TILE_KEYS, TILE_COLS)};
    for (int v = 0; v < TILE_VECS; v++) r.ones[v] = vec_splat(1);
    return r;
}

static void pulling_free(Pulling *r) {
    Mat all[] = {r->q,      r->out_grad, r->q_turned, r->out_grad_turned,
                 r->q_grad, r->p,        r->ds,       r->slopes};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
}

static void pull_begin(Pulling *r, FlashOut o, const FlashHead *h,
                       const FlashKeys *keys, int row) {
    QueryTile t = r->t = query_tile_new(h, row);
    // the scale is in q: it is in dK by that, and comes to dQ at the end
    pack_rows(r->q, h->scale, mat_rows(h->q, row, t.count));
    pack_rows(r->out_grad, 1, mat_rows(o.out_grad, row, t.count));
    tile_transpose(r->q_turned.at, h->scale, h->q, &t);
    r->small = small_scores(r->q_turned, h, keys);
    tile_transpose(r->out_grad_turned.at, 1, o.out_grad, &t);
    mat_fill(r->q_grad, 0);
    for (int i = 0; i < TILE_COLS; i++) {
        real lse = INFINITY, d = 0;
        if (i < t.count) {
            lse = *mat_at(o.lse, row + i, 0);
            d = array_dot(mat_at(o.out, row + i, 0), mat_at(o.out_grad, row + i, 0),
                          (size_t)o.out.cols)
                - (o.lse_grad.at ? *mat_at(o.lse_grad, row + i, 0) : 0);
        }
        // of a row that sees nothing, and of an idle lane, all weights are e^-inf
        r->lse[i / VEC_LANES][i % VEC_LANES] = lse == -INFINITY ? INFINITY : lse;
        r->d[i / VEC_LANES][i % VEC_LANES] = d;
    }
}

// ds: dP becomes dS.
VEC_FUNCTION static void scores_grad(const Pulling *r, int count) {
    for (int j = 0; j < count; j++)
        for (int v = 0; v < TILE_VECS; v++) {
            real *ds = mat_at(r->ds, j, v * VEC_LANES);
            Vec p = vec_load(mat_at(r->p, j, v * VEC_LANES));
            Vec grad = p * (vec_load(ds) - r->d[v]);
            vec_store(ds, vec_select(p == 0, (Vec){0}, grad));
        }
}

static void pull_keys(Pulling *r, FlashGrads g, Mat k_grad, Mat v_grad, KeyTile k,
                      const FlashHead *h, const FlashKeys *keys) {
    Mat p = tile_view(r->p.at, &r->t, k, h), ds = tile_view(r->ds.at, &r->t, k, h);
    tile_products(r->p.at, keys->k_panels.at, keys->d, r->q_turned.at, k);
    tile_products(r->ds.at, keys->v_panels.at, keys->d_v, r->out_grad_turned.at, k);
    tile_finish(r->p.at, h->softcap ? r->slopes.at : NULL, &r->t, k, h);
    tile_softmax_again(r->p.at, k.count, r->lse, r->small, tile_open(&r->t, k, h));
    dropout_tile(ds, h, r->t.row, k.key);
    scores_grad(r, k.count);
    dropout_tile(p, h, r->t.row, k.key);
    mix_queries(mat_rows(v_grad, k.key, k.count), r->p.at, r->out_grad, r->ones);
    if (g.position.at)
        position_bias_backward(h->position, h->number, ds,
                               r->t.row + h->k.rows - h->q.rows, k.key, g.position);
    for (int i = 0; i < k.count * TILE_COLS && h->softcap; i++)
        r->ds.at[i] *= r->slopes.at[i];
    mix_queries(mat_rows(k_grad, k.key, k.count), r->ds.at, r->q, r->ones);
    mix_keys(r->q_grad.at, r->ones, mat_at(keys->k_rows, k.key, 0), keys->d,
             keys->width, r->ds.at, k.count);
}

VEC_FUNCTION void flash_fast_backward(FlashGrads g, Mat k_grad, Mat v_grad, FlashOut o,
                                      const FlashHead *h, const FlashKeys *keys) {
    Pulling r = pulling_new(keys);
    Vec scale[TILE_VECS];
    for (int v = 0; v < TILE_VECS; v++) scale[v] = vec_splat(h->scale);
    for (int row = 0; row < h->q.rows; row += TILE_COLS) {
        pull_begin(&r, o, h, keys, row);
        for (int block = 0; block < keys->padded; block += TILE_KEYS) {
            KeyTile k = key_tile_from(&r.t, keys, block);
            if (k.count && k.key < block + TILE_KEYS)
                pull_keys(&r, g, k_grad, v_grad, k, h, keys);
        }
        panel_unpack(mat_rows(g.q, row, r.t.count), scale, r.q_grad.at, TILE_COLS,
                     true);
    }
    pulling_free(&r);
}

// ---- whole heads

void flash_fast_head(Mat out, Mat lse, const FlashHead *h) {
    FlashKeys keys = flash_keys_new(h->k.rows, h->k.cols, h->v.cols, false);
    flash_keys_set(&keys, h);
    FlashWork *w = flash_work_new(&keys);
    flash_fast(out, lse, h, &keys, w, 0, h->q.rows);
    flash_work_free(w), flash_keys_free(&keys);
}

void flash_fast_head_backward(FlashGrads g, FlashOut o, const FlashHead *h) {
    FlashKeys keys = flash_keys_new(h->k.rows, h->k.cols, h->v.cols, true);
    flash_keys_set(&keys, h);
    Mat k_grad = mat_new(keys.padded, keys.width),
        v_grad = mat_new(keys.padded, keys.width_v);
    flash_fast_backward(g, k_grad, v_grad, o, h, &keys);
    mat_add_scaled(g.k, 1, mat_cols(mat_rows(k_grad, 0, keys.keys), 0, keys.d));
    mat_add_scaled(g.v, 1, mat_cols(mat_rows(v_grad, 0, keys.keys), 0, keys.d_v));
    mat_free(k_grad), mat_free(v_grad), flash_keys_free(&keys);
}
