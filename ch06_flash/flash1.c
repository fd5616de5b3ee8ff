#include "ch06_flash/flash1.h"

#include <assert.h>
#include <math.h>

#include "ch06_flash/online_softmax.h"
#include "common/numeric/small.h"
#include "common/numeric/vec.h"

// Row i of a block: its scores become e^(m~ - m') P~, its output l e^(m - m') O.
// Returns m', l'.
static RowPart merge_row(real *scores, int n, Mat out, RowPart before) {
    RowPart block = {array_max(scores, (size_t)n), 0};
    block.sum = array_exp_sum(scores, scores, (size_t)n, block.max);
    RowPart now = row_part_merge(before, block);
    mat_scale(out, before.sum * row_part_factor(before, now));
    mat_scale(mat_view(scores, 1, n), row_part_factor(block, now));
    return now;
}

// One block of queries against one block of keys.
static void merge_block(Tile o, Tile max, Tile sum, Tile s, Tile vj, Memory *m) {
    int rows = s.mat.rows;
    Tile new_max = tile_new(m, rows, 1), new_sum = tile_new(m, rows, 1);
    tile_touch(m, s), tile_touch(m, o), tile_touch(m, max), tile_touch(m, sum);
    for (int i = 0; i < rows; i++) {
        RowPart before = {*mat_at(max.mat, i, 0), *mat_at(sum.mat, i, 0)};
        RowPart now =
            merge_row(mat_at(s.mat, i, 0), s.mat.cols, mat_rows(o.mat, i, 1), before);
        *mat_at(new_max.mat, i, 0) = now.max, *mat_at(new_sum.mat, i, 0) = now.sum;
    }
    m->exps += (long long)rows * s.mat.cols + 2 * rows;
    tile_mix(m, o, s, vj);
    tile_touch(m, o), tile_touch(m, new_max), tile_touch(m, new_sum);
    for (int i = 0; i < rows; i++) {
        real l = *mat_at(new_sum.mat, i, 0);
        mat_scale(mat_rows(o.mat, i, 1), l == 0 ? 0 : 1 / l);
    }
    m->divisions += (long long)rows * o.mat.cols;
    mat_copy(max.mat, new_max.mat), mat_copy(sum.mat, new_sum.mat);
    tile_free(m, new_sum), tile_free(m, new_max);
}

// What is kept of each query between blocks of keys, in slow memory.
typedef struct {
    Slow out, max, sum;
} Rows;

static void see_keys(Rows all, Slow q, Tile kj, Tile vj, const FlashHead *h, int col,
                     int block_rows, Memory *m) {
    for (int i = 0; i < q.mat.rows; i += block_rows) {
        int rows = int_min(block_rows, q.mat.rows - i);
        Slow to[] = {slow_rows(all.out, i, rows), slow_rows(all.max, i, rows),
                     slow_rows(all.sum, i, rows)};
        Tile qi = tile_read(m, slow_rows(q, i, rows)), o = tile_read(m, to[0]),
             max = tile_read(m, to[1]), sum = tile_read(m, to[2]),
             s = tile_new(m, rows, kj.mat.rows);
        tile_scores(m, s, qi, kj);
        scores_finish(s.mat, h, i, col);
        merge_block(o, max, sum, s, vj, m);
        tile_write(m, to[0], o), tile_write(m, to[1], max), tile_write(m, to[2], sum);
        tile_free(m, s), tile_free(m, sum), tile_free(m, max), tile_free(m, o);
        tile_free(m, qi);
    }
}

// Writes one number everywhere.
static void fill(Slow to, real value, int block_rows, Memory *m) {
    for (int i = 0; i < to.mat.rows; i += block_rows) {
        int rows = int_min(block_rows, to.mat.rows - i);
        Tile t = tile_new(m, rows, to.mat.cols);
        mat_fill(t.mat, value);
        tile_write(m, slow_rows(to, i, rows), t);
        tile_free(m, t);
    }
}

void flash1(Mat out, Mat lse, const FlashHead *h, Blocks blocks, Memory *m) {
    assert(h->dropout.rate == 0 && "flash1: dropout is for flash2");
    int T = h->q.rows, N = h->k.rows;
    Mat max = mat_new(T, 1), sum = mat_new(T, 1);
    Slow q = memory_place(m, h->q), k = memory_place(m, h->k),
         v = memory_place(m, h->v);
    Rows all = {memory_place(m, out), memory_place(m, max), memory_place(m, sum)};
    fill(all.out, 0, blocks.rows, m), fill(all.sum, 0, blocks.rows, m);
    fill(all.max, -(real)INFINITY, blocks.rows, m);
    for (int j = 0; j < N; j += blocks.cols) {
        int cols = int_min(blocks.cols, N - j);
        Tile kj = tile_read(m, slow_rows(k, j, cols)),
             vj = tile_read(m, slow_rows(v, j, cols));
        see_keys(all, q, kj, vj, h, j, blocks.rows, m);
        tile_free(m, vj), tile_free(m, kj);
    }
    memory_flush(m);
    for (int i = 0; i < T && lse.at; i++)
        *mat_at(lse, i, 0) =
            row_part_log((RowPart){*mat_at(max, i, 0), *mat_at(sum, i, 0)});
    mat_free(max), mat_free(sum);
}
