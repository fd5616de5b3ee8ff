#include "ch02_attention/attention_core.h"

#include "ch02_attention/softmax.h"
#include "common/numeric/small.h"
#include "common/numeric/vec.h"

enum {
    // most numbers in a block of scores: a megabyte of floats, half of an L2
    // cache
    SCORES = 256 * 1024,
    ROWS_STEP = 12,  // matmul's tiles are so high
    ROWS_MOST = 11 * ROWS_STEP,
    STRIP = 2 * ROWS_STEP,      // queries whose weights are multiplied together
    COLS_STEP = 2 * VEC_LANES,  // and so wide: keys whose scores are made together
};

// ---- blocks

// Equal ones: as many rows as fit the cache, at least one of matmul's tiles.
static int block_rows(int queries, int keys) {
    int most = int_max(ROWS_STEP, int_min(ROWS_MOST, SCORES / int_max(1, keys))
                                      / ROWS_STEP * ROWS_STEP);
    int blocks = int_max(1, ceil_div(queries, most));
    return int_max(ROWS_STEP,
                   ceil_div(ceil_div(queries, blocks), ROWS_STEP) * ROWS_STEP);
}

Mat attend_workspace(int queries, int keys) {
    return mat_new(int_min(queries, block_rows(queries, keys)), keys);
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

// A block, and what each of its rows sees.
typedef struct {
    ScoreBlock b;
    KeyRange range[ROWS_MOST];
    bool all;  // zeros everywhere that nothing is seen, not only where products
               // read
} Seen;

static bool position_is_at_scores(const Position *p) {
    return p && position_place(p->kind) == POSITION_AT_SCORES;
}

static Seen seen_by(const Head *h, int row, int rows) {
    Seen s;
    s.all = position_is_at_scores(h->position);
    s.b = score_block(h->mask, h->q.rows, h->k.rows, row, rows);
    for (int i = 0; i < s.b.rows; i++)
        s.range[i] = mask_range(h->mask, s.b.queries, s.b.keys, row + i);
    return s;
}

// A strip of keys, key .. key + keys - 1, and rows row .. row + rows - 1 of the
// block, which are those that see some of them: ranges begin and end no earlier
// from row to row.
typedef struct {
    int key, keys, row, rows;
} Strip;

static Strip strip_of_keys(const Seen *s, int key) {
    Strip t = {key, int_min(COLS_STEP, s->b.col + s->b.cols - key), 0, s->b.rows};
    while (t.rows > 0 && s->range[t.row].end <= key) t.row++, t.rows--;
    while (t.rows > 0 && s->range[t.row + t.rows - 1].first >= key + t.keys) t.rows--;
    return t;
}

// And the other way round: all keys that rows row .. see.
static Strip strip_of_rows(const Seen *s, int row) {
    int rows = int_min(STRIP, s->b.rows - row), first = (int)s->range[row].first;
    return (Strip){first, (int)s->range[row + rows - 1].end - first, row, rows};
}

// ---- the four kinds of products

// scores = x y^T, where a row sees a column: Q K^T and dO V^T.
static void score(Mat scores, Mat x, Mat y, const Seen *s) {
    const int end = s->b.col + s->b.cols;
    for (int key = s->b.col; key < end; key += COLS_STEP) {
        Strip t = strip_of_keys(s, key);
        if (t.rows > 0)
            matmul(mat_cols(mat_rows(scores, t.row, t.rows), key - s->b.col, t.keys),
                   mat_rows(x, t.row, t.rows), mat_transpose(mat_rows(y, key, t.keys)));
    }
}

typedef void Product(Mat c, Mat a, Mat b);  // matmul or matmul_add

// out = or += weights y: P V and dS K.
static void mix(Product *product, Mat out, Mat weights, Mat y, const Seen *s) {
    for (int row = 0; row < s->b.rows; row += STRIP) {
        Strip t = strip_of_rows(s, row);
        product(mat_rows(out, row, t.rows),
                mat_cols(mat_rows(weights, row, t.rows), t.key - s->b.col, t.keys),
                mat_rows(y, t.key, t.keys));
    }
}

// grad += weights^T x: P^T dO and dS^T Q.
static void mix_back(Mat grad, Mat weights, Mat x, const Seen *s) {
    const int end = s->b.col + s->b.cols;
    for (int key = s->b.col; key < end; key += COLS_STEP) {
        Strip t = strip_of_keys(s, key);
        if (t.rows > 0)
            matmul_add(mat_rows(grad, key, t.keys),
                       mat_transpose(mat_cols(mat_rows(weights, t.row, t.rows),
                                              key - s->b.col, t.keys)),
                       mat_rows(x, t.row, t.rows));
    }
}

// ---- row by row

// From the block's first column.
typedef struct {
    int first, end;
} Columns;

static Columns columns_of(const Seen *s, KeyRange r, int step) {
    int first = (int)r.first - s->b.col, end = (int)r.end - s->b.col;
    if (end <= first) return (Columns){0, 0};
    return (Columns){first / step * step,
                     int_min(ceil_div(end, step) * step, s->b.cols)};
}

// Whole vectors around what row i sees.
static Columns vectors_of(const Seen *s, int i) {
    return columns_of(s, s->range[i], VEC_LANES);
}

// What products read of row i: with its strips of keys, and with the other rows
// of its strip. Where a position is added to the scores: all.
static Columns read_of(const Seen *s, int i) {
    if (s->all) return (Columns){0, s->b.cols};
    Strip t = strip_of_rows(s, i / STRIP * STRIP);
    // a row that sees nothing may lie between rows that see some of a strip's
    // keys
    KeyRange r = {s->range[i].first, long_max(s->range[i].end, s->range[i].first + 1)};
    Columns keys = columns_of(s, r, COLS_STEP),
            rows = columns_of(s, (KeyRange){t.key, t.key + t.keys}, 1);
    if (rows.end <= rows.first) return keys;
    return (Columns){int_min(keys.first, rows.first), int_max(keys.end, rows.end)};
}

static void zero_around(real *row, Columns c, Columns all) {
    for (int j = all.first; j < int_min(c.first, all.end); j++) row[j] = 0;
    for (int j = int_max(c.end, all.first); j < all.end; j++) row[j] = 0;
}

// A block of scores becomes weights: bias, mask, softmax.
static void weigh(Mat scores, const Head *h, int number, const Seen *s) {
    const ScoreBlock *b = &s->b;
    const bool bias = position_is_at_scores(h->position);
    for (int i = 0; i < b->rows && bias; i++)
        zero_around(mat_at(scores, i, 0), vectors_of(s, i), read_of(s, i));
    if (bias)
        position_bias(h->position, number, scores, b->row + b->keys - b->queries,
                      b->col);
    for (int i = 0; i < b->rows; i++) {
        real *row = mat_at(scores, i, 0);
        Columns c = vectors_of(s, i);
        mask_row_outside(row + c.first, b->col + c.first, c.end - c.first, h->mask,
                         b->keys, b->row + i, s->range[i]);
        softmax(row + c.first, (size_t)(c.end - c.first));
        zero_around(row, c, read_of(s, i));
    }
}

// dP becomes dS = P (dP - D).
static void weigh_back(Mat ds, Mat p, const Seen *s) {
    for (int i = 0; i < s->b.rows; i++) {
        real *row = mat_at(ds, i, 0);
        Columns c = vectors_of(s, i);
        softmax_backward(row + c.first, mat_at(p, i, c.first),
                         (size_t)(c.end - c.first));
        zero_around(row, c, read_of(s, i));
    }
}

// ---- whole sequences

void attend_head(Mat out, const Head *h) {
    int rows = block_rows(h->q.rows, h->k.rows);
    for (int i = 0; i < h->q.rows; i += rows) {
        Seen s = seen_by(h, i, rows);
        Mat scores = h->weights.at ? block_of(h->weights, s.b)
                                   : mat_view(h->workspace.at, s.b.rows, s.b.cols);
        score(scores, mat_rows(h->q, i, s.b.rows), h->k, &s);       // S = Q K^T
        weigh(scores, h, h->number, &s);                            // P = softmax(S)
        mix(matmul, mat_rows(out, i, s.b.rows), scores, h->v, &s);  // O = P V
    }
}

// The weights that forward kept, row by row: the products read them in columns, which is
// too slow from afar.
static void ask_seen(Mat p, const Seen *s) {
    for (int i = 0; i < s->b.rows; i++) {
        Columns c = vectors_of(s, i);
        mat_ask(mat_cols(mat_rows(p, i, 1), c.first, c.end - c.first));
    }
}

void attend_head_backward(HeadGrads g, Mat out_grad, const Head *h) {
    int rows = block_rows(h->q.rows, h->k.rows);
    for (int i = 0; i < h->q.rows; i += rows) {
        Seen s = seen_by(h, i, rows);
        Mat p = block_of(h->weights, s.b),
            ds = mat_view(h->workspace.at, s.b.rows, s.b.cols),
            out_rows = mat_rows(out_grad, i, s.b.rows);
        ask_seen(p, &s);
        mix_back(g.v, p, out_rows, &s);  // dV = P^T dO
        score(ds, out_rows, h->v, &s);   // dP = dO V^T
        weigh_back(ds, p, &s);           // dS = P (dP - D)
        if (g.position.at)               // dB = dS
            position_bias_backward(h->position, h->number, ds,
                                   s.b.row + s.b.keys - s.b.queries, s.b.col,
                                   g.position);
        // d(scale Q) = dS K, dK = dS^T (scale Q)
        mix(matmul_add, mat_rows(g.q, i, s.b.rows), ds, h->k, &s);
        mix_back(g.k, ds, mat_rows(h->q, i, s.b.rows), &s);
    }
}
