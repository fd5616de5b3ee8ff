#include "ch02_attention/attention.h"

#include <assert.h>

#include "common/numeric/vec.h"

enum {
    // most numbers in a block of scores: a megabyte of floats, half of an L2 cache
    SCORES = 256 * 1024,
    ROWS_STEP = 12,  // matmul's tiles are so high
    ROWS_MOST = 60,
    COLS_STEP = 2 * VEC_LANES,  // and so wide
};

static int min(int a, int b) { return a < b ? a : b; }
static int max(int a, int b) { return a > b ? a : b; }

// ---- masks

typedef struct {
    int first, end;
} Range;

// The keys that causality, window and padding leave to a query: always one stretch.
static Range visible(const Mask *mask, int queries, int keys, int query) {
    int at = query + keys - queries;
    Range r = {0, keys};
    // wider is no limit, and must not overflow
    int window = min(mask->window, queries + keys);
    if (window) r.first = max(0, at - window + 1), r.end = min(keys, at + window);
    if (mask->causal) r.end = min(r.end, at + 1);
    if (mask->key_lengths) r.end = min(r.end, mask->key_lengths[0]);
    r.end = max(r.end, 0);
    r.first = min(r.first, r.end);
    return r;
}

bool mask_sees(const Mask *mask, int queries, int keys, int query, int key) {
    Range r = visible(mask, queries, keys, query);
    return r.first <= key && key < r.end
           && (!mask->allowed || mask->allowed[(size_t)query * keys + key]);
}

int mask_count(const Mask *mask, int queries, int keys, int query) {
    Range r = visible(mask, queries, keys, query);
    if (!mask->allowed) return r.end - r.first;
    const unsigned char *allowed = mask->allowed + (size_t)query * keys;
    int count = 0;
    for (int j = r.first; j < r.end; j++) count += allowed[j] != 0;
    return count;
}

Mask mask_of_sequence(const Mask *mask, int sequence) {
    Mask m = *mask;
    if (m.key_lengths) m.key_lengths += sequence;
    if (m.allowed) m.allowed += (size_t)sequence * m.allowed_step;
    return m;
}

// s: row `query` of a block of scores.
static void mask_row(real *s, const Mask *mask, ScoreBlock b, int query) {
    Range r = visible(mask, b.queries, b.keys, query);
    for (int j = 0; j < min(b.cols, r.first - b.col); j++) s[j] = -INFINITY;
    for (int j = max(0, r.end - b.col); j < b.cols; j++) s[j] = -INFINITY;
    if (!mask->allowed) return;
    const unsigned char *allowed = mask->allowed + (size_t)query * b.keys + b.col;
    for (int j = 0; j < b.cols; j++) s[j] = allowed[j] ? s[j] : -INFINITY;
}

int score_block_rows(int keys) {
    return max(ROWS_STEP,
               min(ROWS_MOST, SCORES / max(1, keys)) / ROWS_STEP * ROWS_STEP);
}

// A later query's stretch neither begins nor ends before an earlier one's. Some more
// columns, to whole tiles, cost less than an edge.
ScoreBlock score_block(const Mask *mask, int queries, int keys, int row, int rows) {
    rows = min(rows, queries - row);
    int first = visible(mask, queries, keys, row).first,
        end = visible(mask, queries, keys, row + rows - 1).end;
    first -= first % COLS_STEP,
        end = min(keys, (end + COLS_STEP - 1) / COLS_STEP * COLS_STEP);
    return (ScoreBlock){queries, keys, row, rows, first, end - first};
}

Mat block_of(Mat table, ScoreBlock b) {
    return mat_cols(mat_rows(table, b.row, b.rows), b.col, b.cols);
}

// ---- softmax

void softmax(real *row, size_t n) {
    real sum = array_exp_sum(row, row, n, array_max(row, n));
    // a row that sees nothing is all 0 and stays so
    real share = sum == 0 ? 0 : 1 / sum;
    for (size_t j = 0; j < n; j++) row[j] *= share;
}

void softmax_backward(real *dp, const real *p, size_t n) {
    real d = array_dot(p, dp, n);
    for (size_t j = 0; j < n; j++) dp[j] = p[j] * (dp[j] - d);
}

void attention_weights(Mat scores, const Mask *mask, ScoreBlock b) {
    for (int i = 0; i < b.rows; i++) {
        mask_row(mat_at(scores, i, 0), mask, b, b.row + i);
        softmax(mat_at(scores, i, 0), (size_t)b.cols);
    }
}

void attention_weights_backward(Mat dp, Mat p) {
    for (int i = 0; i < p.rows; i++)
        softmax_backward(mat_at(dp, i, 0), mat_at(p, i, 0), (size_t)p.cols);
}

// ---- attention

real attention_scale(int head_dim) { return (real)(1 / sqrt(head_dim)); }

static Mat scaled(Mat q, real scale) {  // a copy: T d products instead of T S
    Mat copy = mat_new(q.rows, q.cols);
    mat_add_scaled(copy, scale, q);
    return copy;
}

static void check_shapes(Mat out, Mat weights, Mat q, Mat k, Mat v, Mat bias) {
    assert(q.cols == k.cols
           && "attention: queries (T x d) and keys (S x d) differ in d");
    assert(k.rows == v.rows
           && "attention: keys (S x d) and values (S x d_v) differ in S");
    assert(out.rows == q.rows && out.cols == v.cols && "attention: out is not T x d_v");
    assert((!weights.at
            || (weights.rows == q.rows && weights.cols == k.rows
                && weights.col_stride == 1))
           && "attention: weights are not T x S, row after row");
    assert((!bias.at || (bias.rows == q.rows && bias.cols == k.rows))
           && "attention: bias is not T x S");
    (void)out, (void)weights, (void)q, (void)k, (void)v, (void)bias;
}

void attention(Mat out, Mat weights, Mat q, Mat k, Mat v, real scale, Mat bias,
               const Mask *mask) {
    check_shapes(out, weights, q, k, v, bias);
    int rows = min(q.rows, score_block_rows(k.rows));
    Mat scaled_q = scaled(q, scale), workspace = mat_new(weights.at ? 0 : rows, k.rows);
    for (int i = 0; i < q.rows; i += rows) {
        ScoreBlock b = score_block(mask, q.rows, k.rows, i, rows);
        Mat scores =
            weights.at ? block_of(weights, b) : mat_view(workspace.at, b.rows, b.cols);
        matmul(scores, mat_rows(scaled_q, b.row, b.rows),
               mat_transpose(mat_rows(k, b.col, b.cols)));
        if (bias.at) mat_add_scaled(scores, 1, block_of(bias, b));
        attention_weights(scores, mask, b);
        matmul(mat_rows(out, b.row, b.rows), scores, mat_rows(v, b.col, b.cols));
    }
    mat_free(scaled_q), mat_free(workspace);
}

void attention_backward(Mat q_grad, Mat k_grad, Mat v_grad, Mat bias_grad, Mat out_grad,
                        Mat weights, Mat q, Mat k, Mat v, real scale,
                        const Mask *mask) {
    check_shapes(out_grad, weights, q, k, v, bias_grad);
    int rows = min(q.rows, score_block_rows(k.rows));
    Mat scaled_q = scaled(q, scale), scaled_q_grad = mat_new(q.rows, q.cols),
        workspace = mat_new(rows, k.rows);
    for (int i = 0; i < q.rows; i += rows) {
        ScoreBlock b = score_block(mask, q.rows, k.rows, i, rows);
        Mat p = block_of(weights, b), ds = mat_view(workspace.at, b.rows, b.cols);
        Mat out_rows = mat_rows(out_grad, b.row, b.rows),
            keys = mat_rows(k, b.col, b.cols);
        // dV = P^T dO
        matmul_add(mat_rows(v_grad, b.col, b.cols), mat_transpose(p), out_rows);
        // dP = dO V^T
        matmul(ds, out_rows, mat_transpose(mat_rows(v, b.col, b.cols)));
        // dS = P (dP - D)
        attention_weights_backward(ds, p);
        // dB = dS
        if (bias_grad.at) mat_add_scaled(block_of(bias_grad, b), 1, ds);
        // d(scale Q) = dS K
        matmul_add(mat_rows(scaled_q_grad, b.row, b.rows), ds, keys);
        matmul_add(mat_rows(k_grad, b.col, b.cols), mat_transpose(ds),
                   mat_rows(scaled_q, b.row, b.rows));
    }
    mat_add_scaled(q_grad, scale, scaled_q_grad);
    mat_free(scaled_q), mat_free(scaled_q_grad), mat_free(workspace);
}
