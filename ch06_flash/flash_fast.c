#include "ch06_flash/flash_fast.h"

#include <assert.h>
#include <stdlib.h>

#include "ch06_flash/dropout_tile.h"
#include "ch06_flash/query_tile.h"
#include "common/numeric/machine.h"
#include "common/numeric/small.h"

// ---- sums over keys: c (columns x TILE_COLS) += x^T p, x of count rows, `width` apart

// Twelve, eight or four of the columns at a time; never four where two eights do.
VEC_FUNCTION static void mix_keys(real *c, const real *x, int columns, int width,
                                  const real *p, int count) {
    enum { MOST = TILE_ROWS, MORE = 2 * TILE_ROWS / 3, LESS = TILE_ROWS / 3 };
    for (int i = 0, left = columns; left > 0;) {
        real *to = c + i * TILE_COLS;
        int rows = left > MOST + LESS || (left <= MOST && left > MORE) ? MOST
                   : left > LESS                                       ? MORE
                                                                       : LESS;
        if (rows == MOST)
            register_tile(to, TILE_COLS, x + i, 1, width, p, TILE_COLS, count, true,
                          MOST);
        else if (rows == MORE)
            register_tile(to, TILE_COLS, x + i, 1, width, p, TILE_COLS, count, true,
                          MORE);
        else
            register_tile(to, TILE_COLS, x + i, 1, width, p, TILE_COLS, count, true,
                          LESS);
        i += rows, left -= rows;
    }
}

// Rows that mix_keys may write: whole tiles.
static int mixed_rows(int columns) { return columns + TILE_ROWS; }

// c (count x width) += p x: p count keys x TILE_COLS queries, x a row for each query.
VEC_FUNCTION static void mix_queries(Mat c, const real *p, Mat x) {
    for (int j = 0; j < c.rows; j += TILE_ROWS)
        for (int col = 0; col < c.cols; col += TILE_COLS)
            register_tile(mat_at(c, j, col), c.row_stride, p + j * TILE_COLS, TILE_COLS,
                          1, mat_at(x, 0, col), x.row_stride, TILE_COLS, true,
                          TILE_ROWS);
}

// ---- forward

typedef struct {
    QueryTile t;
    Vec max[2], sum[2];
    Mat q, o;  // transposed: d x TILE_COLS, d_v and some more x TILE_COLS
} Running;

// The largest of each lane of p and of `most`. Three chains of comparisons, since each
// waits for the one before it; count is a multiple of three.
VEC_FUNCTION static Vec lanes_max(Vec most, const real *p, int count) {
    Vec chain[3] = {most, most, most};
    for (int j = 0; j < count; j += 3)
        for (int i = 0; i < 3; i++)
            chain[i] = vec_max(chain[i], vec_load(p + (j + i) * TILE_COLS));
    return vec_max(vec_max(chain[0], chain[1]), chain[2]);
}

// p: scores become e^(s - m'); what was summed before is multiplied by e^(m - m').
VEC_FUNCTION static void rescale(Running *r, real *p, int count) {
    Vec shift[2], factor[2], sum[2] = {{0}};
    for (int half = 0; half < 2; half++) {
        Vec most = lanes_max(r->max[half], p + half * VEC_LANES, count);
        // -inf - -inf would be NaN
        shift[half] = vec_select(most == -INFINITY, (Vec){0}, most);
        factor[half] = vec_exp(r->max[half] - shift[half]);
        r->max[half] = most;
    }
    for (int j = 0; j < count; j++)
        for (int half = 0; half < 2; half++) {
            real *at = p + j * TILE_COLS + half * VEC_LANES;
            Vec e = vec_exp(vec_load(at) - shift[half]);
            vec_store(at, e);
            sum[half] += e;
        }
    for (int half = 0; half < 2; half++)
        r->sum[half] = factor[half] * r->sum[half] + sum[half];
    for (int c = 0; c < r->o.rows; c++)
        for (int half = 0; half < 2; half++) {
            real *o = mat_at(r->o, c, half * VEC_LANES);
            vec_store(o, factor[half] * vec_load(o));
        }
}

static void begin(Running *r, const FlashHead *h, int row) {
    r->t = query_tile_new(h, row);
    for (int half = 0; half < 2; half++)
        r->max[half] = vec_splat(-(real)INFINITY), r->sum[half] = (Vec){0};
    tile_transpose(r->q.at, h->scale, h->q, &r->t);
    mat_fill(r->o, 0);
}

static void see_keys(Running *r, real *s, KeyTile k, const FlashHead *h,
                     const FlashKeys *keys) {
    tile_products(s, keys->k_panels.at, keys->d, r->q.at, k);
    tile_finish(s, NULL, &r->t, k, h);
    rescale(r, s, k.count);
    dropout_tile(tile_view(s, &r->t, k, h), h, r->t.row, k.key);
    mix_keys(r->o.at, mat_at(keys->v_rows, k.key, 0), keys->d_v, keys->width_v, s,
             k.count);
}

static void finish(const Running *r, Mat out, Mat lse) {
    for (int i = 0; i < r->t.count; i++) {
        real sum = r->sum[i / VEC_LANES][i % VEC_LANES],
             max = r->max[i / VEC_LANES][i % VEC_LANES], share = sum == 0 ? 0 : 1 / sum;
        real *to = mat_at(out, r->t.row + i, 0);
        for (int c = 0; c < out.cols; c++) to[c] = share * *mat_at(r->o, c, i);
        *mat_at(lse, r->t.row + i, 0) = max + (real)log((double)sum);
    }
}

// So many tiles of queries, and what is summed for them, take a quarter of the L2
// cache.
static int tiles_together(const FlashKeys *keys) {
    size_t bytes = (size_t)(keys->d + mixed_rows(keys->d_v)) * TILE_COLS * sizeof(real);
    return int_max(1, int_min(16, (int)(cache_l2() / 4 / bytes)));
}

static void attend_tiles(Running *r, int tiles, real *s, const FlashHead *h,
                         const FlashKeys *keys) {
    for (int block = 0; block < keys->padded; block += TILE_KEYS)
        for (int i = 0; i < tiles; i++) {
            KeyTile k = key_tile_from(&r[i].t, keys, block);
            if (k.count && k.key < block + TILE_KEYS) see_keys(&r[i], s, k, h, keys);
        }
}

void flash_fast(Mat out, Mat lse, const FlashHead *h, const FlashKeys *keys, int first,
                int count) {
    assert(first % TILE_COLS == 0);
    int most = tiles_together(keys), end = first + count;
    Mat s = mat_new(TILE_KEYS, TILE_COLS), q = mat_new(most * keys->d, TILE_COLS),
        o = mat_new(most * mixed_rows(keys->d_v), TILE_COLS);
    Running *r = aligned_alloc(64, (size_t)most * sizeof *r);
    assert(r && "out of memory");
    for (int row = first; row < end;) {
        int tiles = 0;
        for (; tiles < most && row < end; tiles++, row += TILE_COLS) {
            r[tiles].q = mat_rows(q, tiles * keys->d, keys->d);
            r[tiles].o =
                mat_rows(o, tiles * mixed_rows(keys->d_v), mixed_rows(keys->d_v));
            begin(&r[tiles], h, row);
        }
        attend_tiles(r, tiles, s.at, h, keys);
        for (int i = 0; i < tiles; i++) finish(&r[i], out, lse);
    }
    mat_free(s), mat_free(q), mat_free(o), free(r);
}

// ---- backward

// What a tile of queries needs: rows as they are, and transposed.
typedef struct {
    QueryTile t;
    Vec lse[2], d[2];
    Mat q, out_grad, q_turned, out_grad_turned, q_grad;
    Mat p, ds, slopes;  // TILE_KEYS x TILE_COLS
} Pulling;

static Pulling pulling_new(const FlashKeys *keys) {
    return (Pulling){.q = mat_new(TILE_COLS, keys->width),
                     .out_grad = mat_new(TILE_COLS, keys->width_v),
                     .q_turned = mat_new(keys->d, TILE_COLS),
                     .out_grad_turned = mat_new(keys->d_v, TILE_COLS),
                     .q_grad = mat_new(mixed_rows(keys->d), TILE_COLS),
                     .p = mat_new(TILE_KEYS, TILE_COLS),
                     .ds = mat_new(TILE_KEYS, TILE_COLS),
                     .slopes = mat_new(TILE_KEYS, TILE_COLS)};
}

static void pulling_free(Pulling *r) {
    Mat all[] = {r->q,      r->out_grad, r->q_turned, r->out_grad_turned,
                 r->q_grad, r->p,        r->ds,       r->slopes};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
}

static void pull_begin(Pulling *r, FlashOut o, const FlashHead *h, int row) {
    QueryTile t = r->t = query_tile_new(h, row);
    // the scale is in q: it is in dK by that, and comes to dQ at the end
    pack_rows(r->q, h->scale, mat_rows(h->q, row, t.count));
    pack_rows(r->out_grad, 1, mat_rows(o.out_grad, row, t.count));
    tile_transpose(r->q_turned.at, h->scale, h->q, &t);
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

// p: scores become weights; ds: dP becomes dS.
VEC_FUNCTION static void weigh_again(const Pulling *r, int count) {
    for (int j = 0; j < count; j++)
        for (int half = 0; half < 2; half++) {
            real *p = mat_at(r->p, j, half * VEC_LANES);
            vec_store(p, vec_exp(vec_load(p) - r->lse[half]));
        }
}

VEC_FUNCTION static void scores_grad(const Pulling *r, int count) {
    for (int j = 0; j < count; j++)
        for (int half = 0; half < 2; half++) {
            real *ds = mat_at(r->ds, j, half * VEC_LANES);
            Vec p = vec_load(mat_at(r->p, j, half * VEC_LANES));
            Vec grad = p * (vec_load(ds) - r->d[half]);
            vec_store(ds, vec_select(p == 0, (Vec){0}, grad));
        }
}

static void pull_keys(Pulling *r, FlashGrads g, Mat k_grad, Mat v_grad, KeyTile k,
                      const FlashHead *h, const FlashKeys *keys) {
    Mat p = tile_view(r->p.at, &r->t, k, h), ds = tile_view(r->ds.at, &r->t, k, h);
    tile_products(r->p.at, keys->k_panels.at, keys->d, r->q_turned.at, k);
    tile_products(r->ds.at, keys->v_panels.at, keys->d_v, r->out_grad_turned.at, k);
    tile_finish(r->p.at, h->softcap ? r->slopes.at : NULL, &r->t, k, h);
    weigh_again(r, k.count);
    dropout_tile(ds, h, r->t.row, k.key);
    scores_grad(r, k.count);
    dropout_tile(p, h, r->t.row, k.key);
    mix_queries(mat_rows(v_grad, k.key, k.count), r->p.at, r->out_grad);
    if (g.position.at)
        position_bias_backward(h->position, h->number, ds,
                               r->t.row + h->k.rows - h->q.rows, k.key, g.position);
    for (int i = 0; i < k.count * TILE_COLS && h->softcap; i++)
        r->ds.at[i] *= r->slopes.at[i];
    mix_queries(mat_rows(k_grad, k.key, k.count), r->ds.at, r->q);
    mix_keys(r->q_grad.at, mat_at(keys->k_rows, k.key, 0), keys->d, keys->width,
             r->ds.at, k.count);
}

void flash_fast_backward(FlashGrads g, Mat k_grad, Mat v_grad, FlashOut o,
                         const FlashHead *h, const FlashKeys *keys) {
    Pulling r = pulling_new(keys);
    for (int row = 0; row < h->q.rows; row += TILE_COLS) {
        pull_begin(&r, o, h, row);
        for (int block = 0; block < keys->padded; block += TILE_KEYS) {
            KeyTile k = key_tile_from(&r.t, keys, block);
            if (k.count && k.key < block + TILE_KEYS)
                pull_keys(&r, g, k_grad, v_grad, k, h, keys);
        }
        for (int i = 0; i < r.t.count; i++)
            for (int c = 0; c < keys->d; c++)
                *mat_at(g.q, row + i, c) += h->scale * *mat_at(r.q_grad, c, i);
    }
    pulling_free(&r);
}

// ---- whole heads

void flash_fast_head(Mat out, Mat lse, const FlashHead *h) {
    FlashKeys keys = flash_keys_new(h, false);
    flash_fast(out, lse, h, &keys, 0, h->q.rows);
    flash_keys_free(&keys);
}

void flash_fast_head_backward(FlashGrads g, FlashOut o, const FlashHead *h) {
    FlashKeys keys = flash_keys_new(h, true);
    Mat k_grad = mat_new(keys.padded, keys.width),
        v_grad = mat_new(keys.padded, keys.width_v);
    flash_fast_backward(g, k_grad, v_grad, o, h, &keys);
    mat_add_scaled(g.k, 1, mat_cols(mat_rows(k_grad, 0, keys.keys), 0, keys.d));
    mat_add_scaled(g.v, 1, mat_cols(mat_rows(v_grad, 0, keys.keys), 0, keys.d_v));
    mat_free(k_grad), mat_free(v_grad), flash_keys_free(&keys);
}
