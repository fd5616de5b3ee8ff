#include "ch06_flash/flash_backward.h"

#include "ch06_flash/dropout_tile.h"
#include "common/numeric/small.h"
#include "common/numeric/vec.h"

// Slow memory's matrices.
typedef struct {
    Slow q, k, v, out_grad, lse, d, q_grad, k_grad, v_grad;
} Matrices;

// d (T x 1) = row sums of dO o O, less dL: what is subtracted from dP.
static void make_d(Slow d, Slow out, Slow out_grad, Mat lse_grad, int block_rows,
                   Memory *m) {
    for (int i = 0; i < d.mat.rows; i += block_rows) {
        int rows = int_min(block_rows, d.mat.rows - i);
        Tile o = tile_read(m, slow_rows(out, i, rows)),
             g = tile_read(m, slow_rows(out_grad, i, rows)), di = tile_new(m, rows, 1);
        tile_touch(m, o), tile_touch(m, g);
        for (int r = 0; r < rows; r++)
            *mat_at(di.mat, r, 0) =
                array_dot(mat_at(o.mat, r, 0), mat_at(g.mat, r, 0), (size_t)o.mat.cols)
                - (lse_grad.at ? *mat_at(lse_grad, i + r, 0) : 0);
        tile_write(m, slow_rows(d, i, rows), di);
        tile_free(m, di), tile_free(m, g), tile_free(m, o);
    }
}

// p = e^(s - L) by rows; a row that sees nothing has L = -inf and stays 0.
static void weights_again(Mat p, Mat lse) {
    for (int i = 0; i < p.rows; i++) {
        real l = *mat_at(lse, i, 0), *row = mat_at(p, i, 0);
        array_exp_sum(row, row, (size_t)p.cols, l);
    }
}

// ds holds dP (without Z) and becomes dS; p holds P and becomes P o Z.
static void scores_grad(Mat ds, Mat p, Mat d, const FlashHead *h, int row, int col) {
    dropout_tile(ds, h, row, col);
    for (int i = 0; i < p.rows; i++) {
        real di = *mat_at(d, i, 0), *to = mat_at(ds, i, 0);
        const real *weights = mat_at(p, i, 0);
        // a weight of 0 is a key that is not seen: whatever its value is
        for (int j = 0; j < p.cols; j++)
            to[j] = weights[j] == 0 ? 0 : weights[j] * (to[j] - di);
    }
    dropout_tile(p, h, row, col);
}

static void times_slopes(Mat ds, Mat slopes, const FlashHead *h) {
    for (int i = 0; i < ds.rows && h->softcap; i++)
        for (int j = 0; j < ds.cols; j++) *mat_at(ds, i, j) *= *mat_at(slopes, i, j);
    mat_scale(ds, h->scale);
}

// A block of keys that stays, and its gradients.
typedef struct {
    Tile k, v, k_grad, v_grad;
    int col;
} Keys;

static void one_tile(const Matrices *all, const Keys *keys, int row, int rows,
                     Mat position_grad, const FlashHead *h, Memory *m) {
    Slow to = slow_rows(all->q_grad, row, rows);
    Tile q = tile_read(m, slow_rows(all->q, row, rows)),
         out_grad = tile_read(m, slow_rows(all->out_grad, row, rows)),
         lse = tile_read(m, slow_rows(all->lse, row, rows)),
         d = tile_read(m, slow_rows(all->d, row, rows)), q_grad = tile_read(m, to),
         p = tile_new(m, rows, keys->k.mat.rows),
         ds = tile_new(m, rows, keys->k.mat.rows),
         slopes = tile_new(m, h->softcap ? rows : 0, keys->k.mat.rows);
    tile_scores(m, p, q, keys->k);
    tile_scores(m, ds, out_grad, keys->v);
    tile_touch(m, p), tile_touch(m, ds);
    scores_finish_with_slopes(p.mat, slopes.mat, h, row, keys->col);
    weights_again(p.mat, lse.mat);
    m->exps += (long long)rows * p.mat.cols;
    scores_grad(ds.mat, p.mat, d.mat, h, row, keys->col);
    tile_mix_transposed(m, keys->v_grad, p, out_grad);
    if (position_grad.at)
        position_bias_backward(h->position, h->number, ds.mat,
                               row + h->k.rows - h->q.rows, keys->col, position_grad);
    times_slopes(ds.mat, slopes.mat, h);
    tile_mix(m, q_grad, ds, keys->k);
    tile_mix_transposed(m, keys->k_grad, ds, q);
    tile_write(m, to, q_grad);
    tile_free(m, slopes), tile_free(m, ds), tile_free(m, p), tile_free(m, q_grad);
    tile_free(m, d), tile_free(m, lse), tile_free(m, out_grad), tile_free(m, q);
}

static Matrices place_all(FlashGrads g, FlashOut o, const FlashHead *h, Mat d,
                          Memory *m) {
    return (Matrices){.q = memory_place(m, h->q),
                      .k = memory_place(m, h->k),
                      .v = memory_place(m, h->v),
                      .out_grad = memory_place(m, o.out_grad),
                      .lse = memory_place(m, o.lse),
                      .d = memory_place(m, d),
                      .q_grad = memory_place(m, g.q),
                      .k_grad = memory_place(m, g.k),
                      .v_grad = memory_place(m, g.v)};
}

void flash_backward(FlashGrads g, FlashOut o, const FlashHead *h, Blocks blocks,
                    Memory *m) {
    int T = h->q.rows, N = h->k.rows;
    Mat d = mat_new(T, 1);
    Matrices all = place_all(g, o, h, d, m);
    make_d(all.d, memory_place(m, o.out), all.out_grad, o.lse_grad, blocks.rows, m);
    for (int j = 0; j < N; j += blocks.cols) {
        int cols = int_min(blocks.cols, N - j);
        Slow to[] = {slow_rows(all.k_grad, j, cols), slow_rows(all.v_grad, j, cols)};
        Keys keys = {tile_read(m, slow_rows(all.k, j, cols)),
                     tile_read(m, slow_rows(all.v, j, cols)), tile_read(m, to[0]),
                     tile_read(m, to[1]), j};
        for (int i = 0; i < T; i += blocks.rows)
            one_tile(&all, &keys, i, int_min(blocks.rows, T - i), g.position, h, m);
        tile_write(m, to[0], keys.k_grad), tile_write(m, to[1], keys.v_grad);
        tile_free(m, keys.v_grad), tile_free(m, keys.k_grad);
        tile_free(m, keys.v), tile_free(m, keys.k);
    }
    memory_flush(m);
    mat_free(d);
}
