#include "ch06_flash/flash2.h"

#include <assert.h>
#include <math.h>

#include "ch06_flash/dropout_tile.h"
#include "ch06_flash/online_softmax.h"
#include "common/numeric/small.h"
#include "common/numeric/vec.h"

// Row i of a block: its scores become P, the output so far is rescaled.
static RowPart merge_row(real *scores, int n, Mat out, RowPart before) {
    real most = array_max(scores, (size_t)n);
    RowPart now = {before.max > most ? before.max : most, 0};
    real factor = row_part_factor(before, now);
    now.sum = factor * before.sum + array_exp_sum(scores, scores, (size_t)n, now.max);
    mat_scale(out, factor);
    return now;
}

static void merge_block(Tile o, Tile max, Tile sum, Tile s, Memory *m) {
    int rows = s.mat.rows;
    tile_touch(m, s), tile_touch(m, o), tile_touch(m, max), tile_touch(m, sum);
    for (int i = 0; i < rows; i++) {
        RowPart before = {*mat_at(max.mat, i, 0), *mat_at(sum.mat, i, 0)};
        RowPart now =
            merge_row(mat_at(s.mat, i, 0), s.mat.cols, mat_rows(o.mat, i, 1), before);
        *mat_at(max.mat, i, 0) = now.max, *mat_at(sum.mat, i, 0) = now.sum;
    }
    m->exps += (long long)rows * s.mat.cols + rows;
}

static void finish(Tile o, Tile max, Tile sum, Memory *m) {
    tile_touch(m, o), tile_touch(m, max), tile_touch(m, sum);
    for (int i = 0; i < o.mat.rows; i++) {
        RowPart row = {*mat_at(max.mat, i, 0), *mat_at(sum.mat, i, 0)};
        mat_scale(mat_rows(o.mat, i, 1), row.sum == 0 ? 0 : 1 / row.sum);
        *mat_at(max.mat, i, 0) = row_part_log(row);  // L takes m's place
    }
    m->divisions += (long long)o.mat.rows * o.mat.cols;
}

// Keys first .. end - 1; in pages, where there is a table.
typedef struct {
    Slow k, v;
    int first, end;
    const int *table;
    int page_rows;
} Keys;

static Slow keys_at(const Keys *keys, Slow s, int key, int count) {
    int n = keys->page_rows;
    return slow_rows(s, keys->table ? keys->table[key / n] * n + key % n : key, count);
}

static void attend_rows(Slow out, Slow lse, Slow q, Keys keys, const FlashHead *h,
                        int row, int block_cols, Memory *m) {
    int rows = q.mat.rows;
    Tile qi = tile_read(m, q), o = tile_new(m, rows, keys.v.mat.cols),
         max = tile_new(m, rows, 1), sum = tile_new(m, rows, 1);
    mat_fill(max.mat, -(real)INFINITY);
    for (int j = keys.first; j < keys.end; j += block_cols) {
        int cols = int_min(block_cols, keys.end - j);
        Tile kj = tile_read(m, keys_at(&keys, keys.k, j, cols)),
             vj = tile_read(m, keys_at(&keys, keys.v, j, cols)),
             s = tile_new(m, rows, cols);
        tile_scores(m, s, qi, kj);
        scores_finish(s.mat, h, row, j);
        merge_block(o, max, sum, s, m);
        dropout_tile(s.mat, h, row, j);
        tile_mix(m, o, s, vj);
        tile_free(m, s), tile_free(m, vj), tile_free(m, kj);
    }
    finish(o, max, sum, m);
    tile_write(m, out, o), tile_write(m, lse, max);
    tile_free(m, sum), tile_free(m, max), tile_free(m, o), tile_free(m, qi);
}

static void attend_all(Mat out, Mat lse, const FlashHead *h, Keys keys, Blocks blocks,
                       Memory *m) {
    Slow q = memory_place(m, h->q), to = memory_place(m, out),
         log_sums = memory_place(m, lse);
    for (int i = 0; i < h->q.rows; i += blocks.rows) {
        int rows = int_min(blocks.rows, h->q.rows - i);
        attend_rows(slow_rows(to, i, rows), slow_rows(log_sums, i, rows),
                    slow_rows(q, i, rows), keys, h, i, blocks.cols, m);
    }
    memory_flush(m);
}

void flash2_part(Mat out, Mat lse, const FlashHead *h, int first, int count,
                 Blocks blocks, Memory *m) {
    Keys keys = {
        memory_place(m, h->k), memory_place(m, h->v), first, first + count, NULL, 0};
    attend_all(out, lse, h, keys, blocks, m);
}

void flash2_paged(Mat out, Mat lse, const FlashHead *h, Pages pages, Blocks blocks,
                  Memory *m) {
    assert(pages.page_rows % blocks.cols == 0
           && "flash2_paged: a block of keys must lie in one page");
    FlashHead whole = *h;  // masks and positions ask how many keys there are
    whole.k.rows = whole.v.rows = pages.keys;
    Keys keys = {memory_place(m, h->k), memory_place(m, h->v), 0, pages.keys,
                 pages.table,           pages.page_rows};
    attend_all(out, lse, &whole, keys, blocks, m);
}

void flash2(Mat out, Mat lse, const FlashHead *h, Blocks blocks, Memory *m) {
    flash2_part(out, lse, h, 0, h->k.rows, blocks, m);
}
