#include "ch02_attention/attention_core.h"

#include "ch02_attention/softmax.h"
#include "common/numeric/small.h"
#include "common/numeric/vec.h"

enum {
    // most numbers in a block of scores: a megabyte of floats, half of an L2 cache
    SCORES = 256 * 1024,
    ROWS_STEP = 12,  // matmul's tiles are so high
    ROWS_MOST = 60,
    COLS_STEP = 2 * VEC_LANES,  // and so wide
};

// ---- blocks

// As many as fit the cache, at least one of matmul's tiles.
static int block_rows(int keys) {
    return int_max(ROWS_STEP, int_min(ROWS_MOST, SCORES / int_max(1, keys)) / ROWS_STEP
                                  * ROWS_STEP);
}

Mat attend_workspace(int queries, int keys) {
    return mat_new(int_min(queries, block_rows(keys)), keys);
}

// Some more columns, to whole tiles, cost less than an edge.
ScoreBlock score_block(const Mask *mask, int queries, int keys, int row, int rows) {
    rows = int_min(rows, queries - row);
    int first = (int)mask_range(mask, queries, keys, row).first,
        end = (int)mask_range(mask, queries, keys, row + rows - 1).end;
    first -= first % COLS_STEP;
    end += int_min(keys - end, (COLS_STEP - end % COLS_STEP) % COLS_STEP);
    return (ScoreBlock){queries, keys, row, rows, first, end - first};
}

// The view of it in a queries x keys matrix.
static Mat block_of(Mat table, ScoreBlock b) {
    return mat_cols(mat_rows(table, b.row, b.rows), b.col, b.cols);
}

// A block of scores becomes weights: bias, mask, softmax.
static void weigh(Mat scores, const Head *h, int number, ScoreBlock b) {
    if (h->position)
        position_bias(h->position, number, scores, b.row + b.keys - b.queries, b.col);
    for (int i = 0; i < b.rows; i++) {
        real *row = mat_at(scores, i, 0);
        mask_row(row, b.col, b.cols, h->mask, b.queries, b.keys, b.row + i);
        softmax(row, (size_t)b.cols);
    }
}

// ---- whole sequences

void attend_head(Mat out, const Head *h) {
    int rows = block_rows(h->k.rows);
    for (int i = 0; i < h->q.rows; i += rows) {
        ScoreBlock b = score_block(h->mask, h->q.rows, h->k.rows, i, rows);
        Mat scores = h->weights.at ? block_of(h->weights, b)
                                   : mat_view(h->workspace.at, b.rows, b.cols);
        matmul(scores, mat_rows(h->q, b.row, b.rows),
               mat_transpose(mat_rows(h->k, b.col, b.cols)));
        weigh(scores, h, h->number, b);
        matmul(mat_rows(out, b.row, b.rows), scores, mat_rows(h->v, b.col, b.cols));
    }
}

void attend_head_backward(HeadGrads g, Mat out_grad, const Head *h) {
    int rows = block_rows(h->k.rows);
    for (int i = 0; i < h->q.rows; i += rows) {
        ScoreBlock b = score_block(h->mask, h->q.rows, h->k.rows, i, rows);
        Mat p = block_of(h->weights, b), ds = mat_view(h->workspace.at, b.rows, b.cols),
            out_rows = mat_rows(out_grad, b.row, b.rows);
        // dV = P^T dO
        matmul_add(mat_rows(g.v, b.col, b.cols), mat_transpose(p), out_rows);
        // dP = dO V^T
        matmul(ds, out_rows, mat_transpose(mat_rows(h->v, b.col, b.cols)));
        // dS = P (dP - D)
        softmax_mat_backward(ds, p);
        // dB = dS
        if (g.position.at)
            position_bias_backward(h->position, h->number, ds,
                                   b.row + b.keys - b.queries, b.col, g.position);
        // d(scale Q) = dS K, dK = dS^T (scale Q)
        matmul_add(mat_rows(g.q, b.row, b.rows), ds, mat_rows(h->k, b.col, b.cols));
        matmul_add(mat_rows(g.k, b.col, b.cols), mat_transpose(ds),
                   mat_rows(h->q, b.row, b.rows));
    }
}
