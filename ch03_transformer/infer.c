#include "ch03_transformer/infer.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/project.h"
#include "common/large.h"
#include "common/numeric/matmul_few.h"
#include "common/numeric/small.h"
#include "common/numeric/threads.h"
#include "common/numeric/vec.h"

static const double EPSILON = 1e-5;
// most tokens of a prompt that go through together: bounds the workspace
enum { TOGETHER = 256 };

// ---- a session

static bool addressable(const InferModel *m, int capacity, Error *err) {
    assert(capacity >= 1 && capacity <= m->context
           && "inference_new: more positions than the model has");
    if ((double)m->layers * m->kv_heads * capacity < 0x1p31) return true;
    return error_set(err, "a cache for %d positions is too large", capacity);
}

static KvCache cache_new(const InferModel *m, int capacity) {
    return kv_cache_new(m->layers, 1, m->kv_heads, m->dim / m->heads, capacity);
}

// All but a cache.
static void open_text(Inference *s, const InferModel *m, int capacity) {
    *s = (Inference){.model = m, .capacity = capacity, .broken_layer = -1};
    int head = m->dim / m->heads, rows = int_min(capacity, TOGETHER);
    s->position = m->positions.at
                      ? position_new_learned(m->positions)
                      : position_new_rope((Rope){.dim = head, .base = 10000}, capacity);
    s->x = mat_new(rows, m->dim), s->y = mat_new(rows, m->dim);
    s->q = mat_new(rows, m->dim), s->mixed = mat_new(rows, m->dim);
    s->k = mat_new(rows, m->kv_heads * head), s->v = mat_new(rows, m->kv_heads * head);
    s->gate = mat_new(rows, m->hidden), s->hidden = mat_new(rows, m->hidden);
}

static void open_text_beside(Inference *s, const Inference *first) {
    *s = *first;
    s->beside = true, s->time = 0, s->broken_layer = -1;
    s->weights_read = 0, s->flops = 0, s->cache = (KvCache){0}, s->room = NULL;
}

bool inference_new(Inference *s, const InferModel *m, int capacity, Error *err) {
    *s = (Inference){0};
    if (!addressable(m, capacity, err)) return false;
    open_text(s, m, capacity);
    s->cache = cache_new(m, capacity);
    return true;
}

bool inference_new_beside(Inference *s, const Inference *first, Error *err) {
    *s = (Inference){0};
    if (!addressable(first->model, first->capacity, err)) return false;
    open_text_beside(s, first);
    s->cache = cache_new(s->model, s->capacity);
    return true;
}

bool inference_new_together(Inference *const *each, int count, const InferModel *m,
                            int capacity, Error *err) {
    assert(count >= 1 && "inference_new_together: no text");
    for (int t = 0; t < count; t++) *each[t] = (Inference){0};
    if (!addressable(m, capacity, err)) return false;
    int head = m->dim / m->heads;
    size_t one = kv_cache_room(m->layers, 1, m->kv_heads, head, capacity);
    if ((double)one * count * sizeof(real) > (double)PTRDIFF_MAX)
        return error_set(err, "%d caches for %d positions are too large", count,
                         capacity);
    real *room = large_new(one * (size_t)count * sizeof(real));
    memset(room, 0, one * (size_t)count * sizeof(real));
    for (int t = 0; t < count; t++) {
        if (t == 0) open_text(each[t], m, capacity);
        else open_text_beside(each[t], each[0]);
        each[t]->cache = kv_cache_in(room + (size_t)t * one, m->layers, 1, m->kv_heads,
                                     head, capacity);
    }
    each[0]->room = room;
    return true;
}

void inference_free(Inference *s) {
    Mat all[] = {s->x, s->y, s->q, s->k, s->v, s->mixed, s->gate, s->hidden};
    for (size_t i = 0; !s->beside && i < sizeof all / sizeof *all; i++)
        mat_free(all[i]);
    if (!s->beside) position_free(&s->position);
    kv_cache_free(&s->cache), free(s->room);
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

// ---- one step for several texts, shared out over threads

// Threads that take a step together: each has its share of every product's columns, of
// the texts' heads, or of the rows, and waits for the others where it needs theirs. All
// of a step is one parallel region, as making and ending one takes longer than waiting.
typedef struct {
    int number, count;  // this thread, of so many; {0, 1}: it is alone
} Team;
static const Team ALONE = {0, 1};

static void wait_for_all(Team t) {
    if (t.count == 1) return;
#pragma omp barrier
}

// This thread's share of 0 .. n-1, in whole lines of so many.
typedef struct {
    int first, count;
} Share;
static Share share_of(Team t, int n, int line) {
    int each = ceil_div(ceil_div(n, t.count), line) * line,
        first = int_min(n, t.number * each);
    return (Share){first, int_min(n - first, each)};
}
static Mat share_rows(Team t, Mat m) {
    Share s = share_of(t, m.rows, 1);
    return mat_rows(m, s.first, s.count);
}
// Whole panels of packed weights, and so whole cache lines: no two threads write to one.
static Mat share_cols(Team t, Mat m) {
    if (t.count == 1 || !m.at) return m;
    Share s = share_of(t, m.cols, packed_step());
    return mat_cols(m, s.first, s.count);
}
static Packed share_panels(Team t, Packed p) {
    if (t.count == 1 || !p.at) return p;
    Share s = share_of(t, p.cols, packed_step());
    return packed_cols(p, s.first, s.count);
}

// ---- the parts of a block

// Rows of y and x.
static void normalise(const InferModel *m, Team t, Mat y, Mat x, Mat gain, Mat bias) {
    y = share_rows(t, y), x = share_rows(t, x);
    for (int r = 0; r < x.rows; r++)
        norm_rows(m->norm)->forward(mat_at(y, r, 0), NULL, mat_at(x, r, 0), gain.at,
                                    bias.at, x.cols, EPSILON);
    wait_for_all(t);
}

// Columns of y.
static void multiply(Inference *s, Team t, Mat y, Mat x, Mat w, Packed panels, Mat bias,
                     bool add) {
    size_t weights = (size_t)w.rows * (size_t)w.cols;
    if (t.number == 0)
        s->weights_read += weights, s->flops += 2.0 * x.rows * (double)weights;
    Mat out = share_cols(t, y), of = mat_transpose(share_cols(t, mat_transpose(w)));
    if (out.cols > 0)
        project(out, x, of, share_panels(t, panels), share_cols(t, bias), add);
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

static void feed_forward(Inference *s, Team t, const InferLayer *w,
                         const PackedLayer *p, Mat x, Mat y) {
    Mat hidden = mat_rows(s->hidden, 0, x.rows), gate = mat_rows(s->gate, 0, x.rows);
    multiply(s, t, hidden, y, w->up, p->up, w->up_bias, false);
    if (w->gate.at) multiply(s, t, gate, y, w->gate, p->gate, (Mat){0}, false);
    activate(s->model, share_cols(t, hidden), share_cols(t, gate));
    wait_for_all(t);
    multiply(s, t, x, hidden, w->down, p->down, w->down_bias, true);
    wait_for_all(t);
}

// ---- forward

static void embed(Mat x, const Inference *s, const int *tokens) {
    for (int t = 0; t < x.rows; t++) {
        assert(tokens[t] >= 0 && tokens[t] < s->model->vocab && "infer: no such token");
        mat_copy(mat_rows(x, t, 1), mat_rows(s->model->embedding, tokens[t], 1));
    }
    position_add(&s->position, x, s->time);  // LLaMA: nothing
}

static Heads heads_of(const InferModel *m, const Position *position) {
    return (Heads){1,
                   m->heads,
                   m->kv_heads,
                   attention_scale(m->dim / m->heads),
                   {.causal = true},
                   position};
}

// Each row of q is the next token of a text of its own, together[row], with its own cache.
static void attend_each(Inference *const *together, Team team, int layer, Mat mixed,
                        Mat q, Mat k, Mat v) {
    const InferModel *m = together[0]->model;
    Share s = share_of(team, q.rows * m->kv_heads, 1);
    for (int task = s.first; task < s.first + s.count; task++) {
        int t = task / m->kv_heads, soon = (task + 1) % (q.rows * m->kv_heads);
        attend_next_soon(&together[soon / m->kv_heads]->cache, layer, 0,
                         soon % m->kv_heads);
        Heads heads = heads_of(m, &together[t]->position);
        attend_next(mat_rows(mixed, t, 1), mat_rows(q, t, 1), mat_rows(k, t, 1),
                    mat_rows(v, t, 1), &together[t]->cache, layer, &heads, 0,
                    task % m->kv_heads);
    }
    wait_for_all(team);
    s = share_of(team, q.rows, 1);
    for (int t = s.first; t < s.first + s.count; t++)
        kv_cache_next(&together[t]->cache, layer);
}

// Attention of the rows of q: all of one text, s, or the next tokens of several.
static void attend(Inference *s, Inference *const *together, Team t, int layer,
                   Mat mixed, Mat q, Mat k, Mat v) {
    Heads heads = heads_of(s->model, &s->position);
    if (together) attend_each(together, t, layer, mixed, q, k, v);
    else attend_cached(mixed, q, k, v, &s->cache, layer, &heads);
}

static void block(Inference *s, Inference *const *together, Team t, int layer, Mat x) {
    const InferModel *m = s->model;
    const InferLayer *w = &m->layer[layer];
    const PackedLayer none = {0}, *p = s->packed ? &s->packed->layer[layer] : &none;
    Mat y = mat_rows(s->y, 0, x.rows), q = mat_rows(s->q, 0, x.rows),
        k = mat_rows(s->k, 0, x.rows);
    Mat v = mat_rows(s->v, 0, x.rows), mixed = mat_rows(s->mixed, 0, x.rows);
    normalise(m, t, y, x, w->norm, w->norm_bias);
    multiply(s, t, q, y, w->q, p->q, w->q_bias, false);
    multiply(s, t, k, y, w->k, p->k, w->k_bias, false);
    multiply(s, t, v, y, w->v, p->v, w->v_bias, false);
    wait_for_all(t);
    attend(s, together, t, layer, mixed, q, k, v);
    multiply(s, t, x, mixed, w->o, p->o, w->o_bias, true);
    wait_for_all(t);
    normalise(m, t, y, x, w->ffn_norm, w->ffn_norm_bias);
    feed_forward(s, t, w, p, x, y);
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

static void logits_of(Mat logits, Inference *s, Team t, Mat x) {
    const InferModel *m = s->model;
    Mat y = mat_rows(s->y, 0, x.rows);
    normalise(m, t, y, x, m->final_norm, m->final_norm_bias);
    multiply(s, t, logits, y, mat_rows(m->output, 0, m->vocab),
             s->packed ? s->packed->output : (Packed){0}, (Mat){0}, false);
    wait_for_all(t);
}

// Logits of the rows of x; the first of them is token `first` of this piece.
static void classify(Mat logits, Inference *s, Mat x, int first) {
    logits_of(logits, s, ALONE, x);
    check_finite(s, s->model->layers, logits, first);
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

// Row r of x is the next token of each[r].
static void check_each(Inference *const *each, Team t, int layer, Mat x) {
    Share s = share_of(t, x.rows, 1);
    for (int r = s.first; r < s.first + s.count; r++)
        check_finite(each[r], layer, mat_rows(x, r, 1), 0);
}

// What one thread does of a step. logits: empty, or a row for each text.
static void step(Inference *const *each, Team t, const int *tokens, Mat x, Mat logits) {
    Inference *s = each[0];  // whose workspace is used, and who counts
    Share own = share_of(t, x.rows, 1);
    for (int r = own.first; r < own.first + own.count; r++)
        embed(mat_rows(x, r, 1), each[r], tokens + r);
    for (int l = 0; l < s->model->layers; l++) {
        block(s, each, t, l, x);
        check_each(each, t, l, x);
    }
    if (logits.rows) {
        logits_of(logits, s, t, x);
        check_each(each, t, s->model->layers, logits);
    }
}

// Threads for a step of so many texts: a layer should take each of them 20 us, as they
// wait for each other seven times. A weight takes as long as its reading or arithmetic,
// a head of one token 0.3 us, and two numbers of the cache a nanosecond.
static int threads_for(Inference *const *each, int texts) {
    const InferModel *m = each[0]->model;
    double us = (double)infer_model_weights(m) * weight_microseconds(texts);
    for (int t = 0; t < texts; t++)
        us += m->layers * (0.3 * m->heads + 1e-3 * m->dim * each[t]->time);
    int most = (int)fmin(us / (20.0 * m->layers), threads_free());
    return int_max(1, most);
}

// At most as many as each[0] has room to work on.
static void infer_group(Inference *const *each, int count, const int *tokens,
                        Mat logits) {
    const InferModel *m = each[0]->model;
    Mat x = mat_rows(each[0]->x, 0, count);
    Heads heads = heads_of(m, NULL);
    for (int t = 0; t < count; t++) kv_cache_ready(&each[t]->cache, &heads);
    int threads = threads_for(each, count);
    if (threads == 1) step(each, ALONE, tokens, x, logits);
    else {
#pragma omp parallel num_threads(threads)
        step(each, (Team){threads_number(), threads_together()}, tokens, x, logits);
    }
    for (int t = 0; t < count; t++) each[t]->time++;
}

void infer(Inference *s, const int *tokens, int count, Mat logits) {
    assert(count >= 0 && s->time + count <= s->capacity
           && "infer: no room for so many tokens");
    assert((!logits.rows || logits.cols == s->model->vocab)
           && "infer: logits are not as wide as the vocabulary");
    assert((logits.rows <= 1 || logits.rows == count)
           && "infer: logits for none, the last, or all tokens");
    if (count == 1) {
        infer_group(&s, 1, tokens, logits);
        return;
    }
    for (int done = 0, n; done < count; done += n) {
        n = int_min(count - done, s->x.rows);
        Mat x = mat_rows(s->x, 0, n);
        embed(x, s, tokens + done);
        for (int l = 0; l < s->model->layers; l++) {
            block(s, NULL, ALONE, l, x);
            check_finite(s, l, x, 0);
        }
        if (logits.rows == count) classify(mat_rows(logits, done, n), s, x, 0);
        else if (logits.rows == 1 && done + n == count)
            classify(logits, s, mat_rows(x, n - 1, 1), n - 1);
        s->time += n;
    }
}

void infer_together(Inference *const *each, int count, const int *tokens, Mat logits) {
    assert(logits.rows == count && "infer_together: a row of logits for each text");
    for (int t = 0; t < count; t++)
        assert(each[t]->model == each[0]->model && each[t]->time < each[t]->capacity
               && "infer_together: another model, or no room");
    for (int done = 0, n; done < count; done += n) {
        n = int_min(count - done, each[0]->x.rows);
        infer_group(each + done, n, tokens + done, mat_rows(logits, done, n));
    }
}
