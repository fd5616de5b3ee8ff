#include "ch03_transformer/infer.h"

#include <assert.h>
#include <math.h>

#include "ch03_transformer/project.h"
#include "common/numeric/small.h"
#include "common/numeric/threads.h"
#include "common/numeric/vec.h"

static const double EPSILON = 1e-5;
// most tokens of a prompt that go through together: bounds the workspace
enum { TOGETHER = 256 };

// ---- a session

bool inference_new(Inference *s, const InferModel *m, int capacity, Error *err) {
    assert(capacity >= 1 && capacity <= m->context
           && "inference_new: more positions than the model has");
    *s = (Inference){.model = m, .capacity = capacity, .broken_layer = -1};
    if ((double)m->layers * m->kv_heads * capacity >= 0x1p31)
        return error_set(err, "a cache for %d positions is too large", capacity);
    int head = m->dim / m->heads, rows = int_min(capacity, TOGETHER);
    s->cache = kv_cache_new(m->layers, 1, m->kv_heads, head, capacity);
    s->position = m->positions.at
                      ? position_new_learned(m->positions)
                      : position_new_rope((Rope){.dim = head, .base = 10000}, capacity);
    s->x = mat_new(rows, m->dim), s->y = mat_new(rows, m->dim);
    s->q = mat_new(rows, m->dim), s->mixed = mat_new(rows, m->dim);
    s->k = mat_new(rows, m->kv_heads * head), s->v = mat_new(rows, m->kv_heads * head);
    s->gate = mat_new(rows, m->hidden), s->hidden = mat_new(rows, m->hidden);
    return true;
}

void inference_free(Inference *s) {
    Mat all[] = {s->x, s->y, s->q, s->k, s->v, s->mixed, s->gate, s->hidden};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
    position_free(&s->position), kv_cache_free(&s->cache);
    *s = (Inference){0};
}

void inference_clear(Inference *s) {
    kv_cache_clear(&s->cache);
    s->time = 0;
    s->broken_layer = -1;
}

void inference_copy(Inference *to, const Inference *from) {
    assert(to->model == from->model && to->capacity == from->capacity);
    kv_cache_copy(&to->cache, &from->cache);
    to->time = from->time;
    to->broken_layer = from->broken_layer, to->broken_position = from->broken_position;
}

// ---- the parts of a block

static void normalise(const InferModel *m, Mat y, Mat x, Mat gain, Mat bias) {
    for (int t = 0; t < x.rows; t++)
        norm_rows(m->norm)->forward(mat_at(y, t, 0), NULL, mat_at(x, t, 0), gain.at,
                                    bias.at, x.cols, EPSILON);
}

static void multiply(Inference *s, Mat y, Mat x, Mat w, Mat bias, bool add) {
    size_t weights = (size_t)w.rows * (size_t)w.cols;
    s->weights_read += weights, s->flops += 2.0 * x.rows * (double)weights;
    project(y, x, w, bias, add);
}

// x = f(gate) * x, or f(x).
static void activate(const InferModel *m, Mat x, Mat gate) {
    const FfnType *type = &ffn_kinds[m->ffn];
    const Activation *f = &activation_kinds[type->activation];
    for (int t = 0; t < x.rows; t++) {
        real *row = mat_at(x, t, 0), *by = mat_at(gate, t, 0);
        if (!type->gated) f->row(row, row, x.cols);
        else {
            f->row(by, by, x.cols);
            for (int i = 0; i < x.cols; i++) row[i] *= by[i];
        }
    }
}

static void feed_forward(Inference *s, const InferLayer *w, Mat x, Mat y) {
    Mat hidden = mat_rows(s->hidden, 0, x.rows), gate = mat_rows(s->gate, 0, x.rows);
    multiply(s, hidden, y, w->up, w->up_bias, false);
    if (w->gate.at) multiply(s, gate, y, w->gate, (Mat){0}, false);
    activate(s->model, hidden, gate);
    multiply(s, x, hidden, w->down, w->down_bias, true);
}

// ---- forward

static void embed(Mat x, const Inference *s, const int *tokens) {
    for (int t = 0; t < x.rows; t++) {
        assert(tokens[t] >= 0 && tokens[t] < s->model->vocab && "infer: no such token");
        mat_copy(mat_rows(x, t, 1), mat_rows(s->model->embedding, tokens[t], 1));
    }
    position_add(&s->position, x, s->time);  // LLaMA: nothing
}

// Whether attention of so many texts takes long enough for threads, some 80 us: a head
// of one token takes a microsecond, and four multiply-adds of it a nanosecond.
static bool worth_sharing(Inference *const *together, int texts, int layer) {
    const InferModel *m = together[0]->model;
    double work = 0;
    for (int t = 0; t < texts; t++)
        work += 4e3 * m->heads + 2.0 * m->dim * together[t]->cache.time[layer];
    return work > 80 * 4e3 && threads_free() > 1;
}

// Attention of the rows of q: all of one text, s; or each the next token of a text of its
// own, together[row], with its own cache.
static void attend(Inference *s, Inference *const *together, int layer, Mat mixed,
                   Mat q, Mat k, Mat v) {
    const InferModel *m = s->model;
    Heads heads = {1,
                   m->heads,
                   m->kv_heads,
                   attention_scale(m->dim / m->heads),
                   {.causal = true},
                   &s->position};
    if (!together) {
        attend_cached(mixed, q, k, v, &s->cache, layer, &heads);
        return;
    }
    bool threads = worth_sharing(together, q.rows, layer);
    (void)threads;  // without OpenMP
#pragma omp parallel for firstprivate(heads) schedule(dynamic) if (threads)
    for (int t = 0; t < q.rows; t++) {
        heads.position = &together[t]->position;
        attend_cached(mat_rows(mixed, t, 1), mat_rows(q, t, 1), mat_rows(k, t, 1),
                      mat_rows(v, t, 1), &together[t]->cache, layer, &heads);
    }
}

static void block(Inference *s, Inference *const *together, int layer, Mat x) {
    const InferModel *m = s->model;
    const InferLayer *w = &m->layer[layer];
    Mat y = mat_rows(s->y, 0, x.rows), q = mat_rows(s->q, 0, x.rows),
        k = mat_rows(s->k, 0, x.rows);
    Mat v = mat_rows(s->v, 0, x.rows), mixed = mat_rows(s->mixed, 0, x.rows);
    normalise(m, y, x, w->norm, w->norm_bias);
    multiply(s, q, y, w->q, w->q_bias, false);
    multiply(s, k, y, w->k, w->k_bias, false);
    multiply(s, v, y, w->v, w->v_bias, false);
    attend(s, together, layer, mixed, q, k, v);
    multiply(s, x, mixed, w->o, w->o_bias, true);
    normalise(m, y, x, w->ffn_norm, w->ffn_norm_bias);
    feed_forward(s, w, x, y);
}

// Notes the first number that is not finite: in row t of x, after a layer. Row 0 is
// token `first` of this piece. One look at
// what a layer leaves costs a thousandth of its products.
static void check_finite(Inference *s, int layer, Mat x, int first) {
    for (int t = 0; s->broken_layer < 0 && t < x.rows; t++) {
        if (!array_finite(mat_at(x, t, 0), (size_t)x.cols))
            s->broken_layer = layer, s->broken_position = s->time + first + t;
    }
}

// Logits of the rows of x; the first of them is token `first` of this piece.
static void classify(Mat logits, Inference *s, Mat x, int first) {
    const InferModel *m = s->model;
    Mat y = mat_rows(s->y, 0, x.rows);
    normalise(m, y, x, m->final_norm, m->final_norm_bias);
    multiply(s, logits, y, mat_rows(m->output, 0, m->vocab), (Mat){0}, false);
    check_finite(s, m->layers, logits, first);
}

bool infer_finite(const Inference *s, Error *err) {
    if (s->broken_layer < 0) return true;
    if (s->broken_layer == s->model->layers)
        return error_set(err, "a NaN or infinity among the logits, at position %d",
                         s->broken_position + 1);
    return error_set(err,
                     "a NaN or infinity after layer %d of %d, at position %d: the "
                     "weights are too large, or damaged",
                     s->broken_layer + 1, s->model->layers, s->broken_position + 1);
}

void infer(Inference *s, const int *tokens, int count, Mat logits) {
    assert(count >= 0 && s->time + count <= s->capacity
           && "infer: no room for so many tokens");
    assert((!logits.rows || logits.cols == s->model->vocab)
           && "infer: logits are not as wide as the vocabulary");
    assert((logits.rows <= 1 || logits.rows == count)
           && "infer: logits for none, the last, or all tokens");
    for (int done = 0, n; done < count; done += n) {
        n = int_min(count - done, s->x.rows);
        Mat x = mat_rows(s->x, 0, n);
        embed(x, s, tokens + done);
        for (int l = 0; l < s->model->layers; l++) {
            block(s, NULL, l, x);
            check_finite(s, l, x, 0);
        }
        if (logits.rows == count) classify(mat_rows(logits, done, n), s, x, 0);
        else if (logits.rows == 1 && done + n == count)
            classify(logits, s, mat_rows(x, n - 1, 1), n - 1);
        s->time += n;
    }
}

// Row t of x is the next token of each[t].
static void check_each(Inference *const *each, int layer, Mat x) {
    for (int t = 0; t < x.rows; t++) check_finite(each[t], layer, mat_rows(x, t, 1), 0);
}

// At most as many as each[0] has room to work on.
static void infer_group(Inference *const *each, const int *tokens, Mat logits) {
    Inference *s = each[0];  // whose workspace is used, and who counts
    const InferModel *m = s->model;
    Mat x = mat_rows(s->x, 0, logits.rows), y = mat_rows(s->y, 0, logits.rows);
    for (int t = 0; t < x.rows; t++) embed(mat_rows(x, t, 1), each[t], tokens + t);
    for (int l = 0; l < m->layers; l++) {
        block(s, each, l, x);
        check_each(each, l, x);
    }
    normalise(m, y, x, m->final_norm, m->final_norm_bias);
    multiply(s, logits, y, mat_rows(m->output, 0, m->vocab), (Mat){0}, false);
    check_each(each, m->layers, logits);
    for (int t = 0; t < x.rows; t++) each[t]->time++;
}

void infer_together(Inference *const *each, int count, const int *tokens, Mat logits) {
    assert(logits.rows == count && "infer_together: a row of logits for each text");
    for (int t = 0; t < count; t++)
        assert(each[t]->model == each[0]->model && each[t]->time < each[t]->capacity
               && "infer_together: another model, or no room");
    for (int done = 0, n; done < count; done += n) {
        n = int_min(count - done, each[0]->x.rows);
        infer_group(each + done, tokens + done, mat_rows(logits, done, n));
    }
}
