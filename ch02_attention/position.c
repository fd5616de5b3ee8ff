#include "ch02_attention/position.h"

#include <assert.h>
#include <stdlib.h>

#include "ch02_attention/alibi.h"
#include "ch02_attention/sinusoidal.h"
#include "ch02_attention/t5_buckets.h"
#include "ch02_attention/xpos.h"
#include "common/error.h"

const char *position_name(PositionKind kind) {
    static const char *const names[] = {"none", "sinusoidal", "learned", "rope",
                                        "xpos", "alibi",      "t5"};
    assert(kind < POSITION_KINDS);
    return names[kind];
}

// ---- constructors

Position position_new_none(void) { return (Position){.kind = POSITION_NONE}; }

Position position_new_sinusoidal(int d_model, int length) {
    Position p = {.kind = POSITION_SINUSOIDAL,
                  .length = length,
                  .dim = d_model,
                  .owns_table = true};
    p.table = mat_new(length, d_model);
    sinusoidal_table(p.table);
    return p;
}

Position position_new_learned(Mat table) {
    return (Position){.kind = POSITION_LEARNED,
                      .length = table.rows,
                      .dim = table.cols,
                      .table = table};
}

Position position_new_rope(Rope rope, int length) {
    Position p = {.kind = POSITION_ROPE,
                  .length = length,
                  .dim = rope.dim,
                  .pairing = rope.pairing};
    p.query = p.key = rope_tables_new(&rope, length);
    return p;
}

Position position_new_xpos(int dim, int length, double base, RopePairing pairing) {
    Position p = {
        .kind = POSITION_XPOS, .length = length, .dim = dim, .pairing = pairing};
    xpos_tables_new(&p.query, &p.key,
                    &(Rope){.dim = dim, .base = base, .pairing = pairing}, length);
    return p;
}

Position position_new_alibi(int heads, Mat slopes) {
    Position p = {.kind = POSITION_ALIBI,
                  .heads = heads,
                  .slopes = slopes,
                  .owns_slopes = !slopes.at};
    if (p.owns_slopes) {
        p.slopes = mat_new(1, heads);
        alibi_slopes(p.slopes);
    }
    assert(p.slopes.rows == 1 && p.slopes.cols == heads
           && "position_new_alibi: slopes are not 1 x heads");
    return p;
}

Position position_new_t5(Mat buckets, int furthest, bool causal) {
    // its asserts speak now, not in the middle of a model
    (void)t5_bucket(0, buckets.cols, furthest, causal);
    return (Position){.kind = POSITION_T5,
                      .heads = buckets.rows,
                      .buckets = buckets,
                      .furthest = furthest,
                      .causal = causal};
}

void position_free(Position *p) {
    if (p->owns_table) mat_free(p->table);
    if (p->owns_slopes) mat_free(p->slopes);
    rope_tables_free(p->query);
    if (p->key.cosine.at != p->query.cosine.at) rope_tables_free(p->key);
    *p = (Position){0};
}

// ---- added to the input

// to[0 .. n-1] += from[0 .. n-1], each with its own step.
static void add_row(real *restrict to, ptrdiff_t to_step, const real *restrict from,
                    ptrdiff_t from_step, int n) {
    if (to_step == 1 && from_step == 1)
        for (int j = 0; j < n; j++) to[j] += from[j];
    else
        for (int j = 0; j < n; j++) to[j * to_step] += from[j * from_step];
}

static void add_rows(Mat to, Mat from) {
    for (int t = 0; t < to.rows; t++)
        add_row(mat_at(to, t, 0), to.col_stride, mat_at(from, t, 0), from.col_stride,
                to.cols);
}

static bool adds(const Position *p) {
    return p->kind == POSITION_SINUSOIDAL || p->kind == POSITION_LEARNED;
}

void position_add(const Position *p, Mat x, int first) {
    if (!adds(p)) return;
    assert(x.cols == p->dim && "position_add: x is not T x d_model");
    assert(0 <= first && first + x.rows <= p->length
           && "position_add: positions beyond the table's length");
    add_rows(x, mat_rows(p->table, first, x.rows));
}

void position_add_backward(const Position *p, Mat x_grad, int first, Mat table_grad) {
    if (p->kind != POSITION_LEARNED) return;
    assert(x_grad.cols == p->dim && "position_add_backward: x_grad is not T x d_model");
    assert(table_grad.rows == p->length && table_grad.cols == p->dim
           && "position_add_backward: table_grad is not length x d_model");
    add_rows(mat_rows(table_grad, first, x_grad.rows), x_grad);
}

// ---- turning queries and keys

static bool turns(const Position *p) {
    return p->kind == POSITION_ROPE || p->kind == POSITION_XPOS;
}

void position_turn(const Position *p, Mat x, int heads, int first, bool is_key) {
    if (turns(p)) rope_turn(x, heads, first, is_key ? p->key : p->query, p->pairing);
}

void position_turn_backward(const Position *p, Mat x_grad, int heads, int first,
                            bool is_key) {
    if (turns(p))
        rope_turn_back(x_grad, heads, first, is_key ? p->key : p->query, p->pairing);
}

// ---- added to the scores

static void check_head(const Position *p, int head) {
    (void)p, (void)head;
    assert(0 <= head && head < p->heads && "position_bias: no such head");
}

// What is added at distance s = query - key, for all distances that scores (queries x
// keys) hold: values[s - least], least = s of the first query and the last key. The
// caller frees values.
typedef struct {
    double *values;
    int least;
} ByDistance;

static int distances(Mat scores) { return scores.rows + scores.cols - 1; }

static ByDistance by_distance_new(Mat scores, int first_query, int first_key) {
    return (ByDistance){allocate((size_t)distances(scores) + 1, sizeof(double)),
                        first_query - (first_key + scores.cols - 1)};
}

static ByDistance bias_by_distance(const Position *p, int head, Mat scores,
                                   int first_query, int first_key) {
    ByDistance b = by_distance_new(scores, first_query, first_key);
    for (int n = 0; n < distances(scores); n++) {
        int s = b.least + n;
        b.values[n] =
            p->kind == POSITION_ALIBI
                ? -(double)*mat_at(p->slopes, 0, head) * abs(s)
                : *mat_at(p->buckets, head,
                          t5_bucket(s, p->buckets.cols, p->furthest, p->causal));
    }
    return b;
}

static bool biases(const Position *p) {
    return p->kind == POSITION_ALIBI || p->kind == POSITION_T5;
}

void position_bias(const Position *p, int head, Mat scores, int first_query,
                   int first_key) {
    if (!biases(p) || scores.rows == 0 || scores.cols == 0) return;
    check_head(p, head);
    ByDistance b = bias_by_distance(p, head, scores, first_query, first_key);
    for (int i = 0; i < scores.rows; i++) {
        // of key 0; further keys are nearer
        const double *value = b.values + i + scores.cols - 1;
        real *row = mat_at(scores, i, 0);
        if (scores.col_stride == 1)
            for (int j = 0; j < scores.cols; j++) row[j] += (real)value[-j];
        else
            for (int j = 0; j < scores.cols; j++)
                row[j * scores.col_stride] += (real)value[-j];
    }
    free(b.values);
}

// The sum of scores_grad over all pairs at each distance: both encodings' gradients are
// sums of these.
static ByDistance grad_by_distance(Mat scores_grad, int first_query, int first_key) {
    ByDistance b = by_distance_new(scores_grad, first_query, first_key);
    for (int i = 0; i < scores_grad.rows; i++) {
        double *value = b.values + i + scores_grad.cols - 1;
        for (int j = 0; j < scores_grad.cols; j++)
            value[-j] += *mat_at(scores_grad, i, j);
    }
    return b;
}

void position_bias_backward(const Position *p, int head, Mat scores_grad,
                            int first_query, int first_key, Mat grad) {
    if (!biases(p) || scores_grad.rows == 0 || scores_grad.cols == 0) return;
    check_head(p, head);
    assert(grad.rows == (p->kind == POSITION_T5 ? p->heads : 1) &&
           grad.cols == (p->kind == POSITION_T5 ? p->buckets.cols : p->heads) &&
           "position_bias_backward: grad is not 1 x heads (ALiBi) or heads x buckets (T5)");
    ByDistance b = grad_by_distance(scores_grad, first_query, first_key);
    double slope_grad = 0;
    for (int n = 0; n < distances(scores_grad); n++) {
        int s = b.least + n;
        if (p->kind == POSITION_ALIBI) slope_grad -= b.values[n] * abs(s);
        else
            *mat_at(grad, head,
                    t5_bucket(s, p->buckets.cols, p->furthest, p->causal)) +=
                (real)b.values[n];
    }
    if (p->kind == POSITION_ALIBI) *mat_at(grad, 0, head) += (real)slope_grad;
    free(b.values);
}
