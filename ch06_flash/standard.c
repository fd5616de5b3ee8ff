#include "ch06_flash/standard.h"

#include <assert.h>
#include <math.h>

#include "common/numeric/small.h"
#include "common/numeric/vec.h"

static void make_scores(Slow scores, Slow q, Slow k, const FlashHead *h, Blocks b,
                        Memory *m) {
    for (int i = 0; i < q.mat.rows; i += b.rows) {
        Tile qi = tile_read(m, slow_rows(q, i, int_min(b.rows, q.mat.rows - i)));
        for (int j = 0; j < k.mat.rows; j += b.cols) {
            Tile kj = tile_read(m, slow_rows(k, j, int_min(b.cols, k.mat.rows - j)));
            Tile s = tile_new(m, qi.mat.rows, kj.mat.rows);
            tile_scores(m, s, qi, kj);
            tile_touch(m, s);
            scores_finish(s.mat, h, i, j);
            tile_write(m, slow_cols(slow_rows(scores, i, s.mat.rows), j, s.mat.cols),
                       s);
            tile_free(m, s), tile_free(m, kj);
        }
        tile_free(m, qi);
    }
}

static void make_weights(Slow scores, Slow lse, Memory *m) {
    for (int i = 0; i < scores.mat.rows; i++) {
        Tile row = tile_read(m, slow_rows(scores, i, 1));
        size_t n = (size_t)row.mat.cols;
        tile_touch(m, row);
        real most = array_max(row.mat.at, n),
             sum = array_exp_sum(row.mat.at, row.mat.at, n, most);
        mat_scale(row.mat, sum == 0 ? 0 : 1 / sum);
        m->exps += row.mat.cols, m->divisions += row.mat.cols;
        tile_write(m, slow_rows(scores, i, 1), row);
        tile_free(m, row);
        if (!lse.mat.at) continue;
        Tile log_sum = tile_new(m, 1, 1);
        log_sum.mat.at[0] = most + (real)log(sum);
        tile_write(m, slow_rows(lse, i, 1), log_sum);
        tile_free(m, log_sum);
    }
}

static void mix_values(Slow out, Slow weights, Slow v, Blocks b, Memory *m) {
    for (int i = 0; i < out.mat.rows; i += b.rows) {
        int rows = int_min(b.rows, out.mat.rows - i);
        Tile o = tile_new(m, rows, out.mat.cols);
        for (int j = 0; j < v.mat.rows; j += b.cols) {
            int cols = int_min(b.cols, v.mat.rows - j);
            Tile vj = tile_read(m, slow_rows(v, j, cols));
            Tile p = tile_read(m, slow_cols(slow_rows(weights, i, rows), j, cols));
            tile_mix(m, o, p, vj);
            tile_free(m, p), tile_free(m, vj);
        }
        tile_write(m, slow_rows(out, i, rows), o);
        tile_free(m, o);
    }
}

void standard_attention(Mat out, Mat lse, const FlashHead *h, Blocks blocks,
                        Memory *m) {
    assert(h->dropout.rate == 0 && "standard_attention: dropout is for flash2");
    Mat table = mat_new(h->q.rows, h->k.rows);
    Slow q = memory_place(m, h->q), k = memory_place(m, h->k),
         v = memory_place(m, h->v), scores = memory_place(m, table),
         to = memory_place(m, out), log_sums = {lse, 0};
    if (lse.at) log_sums = memory_place(m, lse);
    make_scores(scores, q, k, h, blocks, m);
    make_weights(scores, log_sums, m);
    mix_values(to, scores, v, blocks, m);
    memory_flush(m);
    mat_free(table);
}
