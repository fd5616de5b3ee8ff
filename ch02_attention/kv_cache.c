#include "ch02_attention/kv_cache.h"

#include <assert.h>
#include <stdlib.h>

#include "ch02_attention/attend_token.h"
#include "common/error.h"
#include "common/numeric/small.h"
#include "common/numeric/threads.h"

// numbers: of what is longer the processor's own prefetcher brings the rest
enum { MOST_ASKED = 2048 };

size_t kv_cache_room(int layers, int batch, int n_kv_heads, int head_dim,
                     int capacity) {
    return 2 * (size_t)layers * batch * n_kv_heads * capacity * head_dim;
}

// All but keys and values, which are `rows` rows each.
static KvCache without_rows(int layers, int batch, int n_kv_heads, int head_dim,
                            int capacity, int *rows) {
    assert((double)layers * batch * n_kv_heads * capacity < 0x1p31
           && "kv_cache_new: more rows than a Mat can have");
    *rows = layers * batch * n_kv_heads * capacity;
    return (KvCache){.layers = layers,
                     .batch = batch,
                     .n_kv_heads = n_kv_heads,
                     .head_dim = head_dim,
                     .capacity = capacity,
                     .time = allocate((size_t)layers, sizeof(int)),
                     .bytes = 2 * (size_t)*rows * head_dim * sizeof(real)};
}

KvCache kv_cache_new(int layers, int batch, int n_kv_heads, int head_dim,
                     int capacity) {
    int rows;
    KvCache c = without_rows(layers, batch, n_kv_heads, head_dim, capacity, &rows);
    c.keys = mat_new(rows, head_dim), c.values = mat_new(rows, head_dim);
    return c;
}

KvCache kv_cache_in(real *room, int layers, int batch, int n_kv_heads, int head_dim,
                    int capacity) {
    int rows;
    KvCache c = without_rows(layers, batch, n_kv_heads, head_dim, capacity, &rows);
    c.borrowed = true;
    c.keys = mat_view(room, rows, head_dim);
    c.values = mat_view(room + (size_t)rows * head_dim, rows, head_dim);
    return c;
}

void kv_cache_free(KvCache *c) {
    if (!c->borrowed) mat_free(c->keys), mat_free(c->values);
    mat_free(c->room), free(c->time);
}

void kv_cache_clear(KvCache *c) {
    for (int l = 0; l < c->layers; l++) c->time[l] = 0;
}

size_t kv_cache_bytes_per_token(int layers, int n_kv_heads, int head_dim,
                                size_t bytes_a_number) {
    return 2 * (size_t)layers * n_kv_heads * head_dim * bytes_a_number;
}

// Rows first .. first + count - 1 of one head.
static Mat cached(const KvCache *c, Mat all, int layer, int b, int kv, int first,
                  int count) {
    return mat_rows(all,
                    ((layer * c->batch + b) * c->n_kv_heads + kv) * c->capacity + first,
                    count);
}

// Sequence b's columns of one head, of rows batch x time.
static Mat part(Mat m, int b, int time, int first_col, int cols) {
    return mat_cols(mat_rows(m, b * time, time), first_col, cols);
}

void kv_cache_copy(KvCache *to, const KvCache *from) {
    assert(to->keys.rows == from->keys.rows && to->keys.cols == from->keys.cols
           && to->layers == from->layers && to->capacity == from->capacity);
    for (int l = 0; l < from->layers; l++) {
        int filled = to->time[l] = from->time[l];
        for (int b = 0; b < from->batch; b++)
            for (int kv = 0; kv < from->n_kv_heads; kv++) {
                mat_copy(cached(to, to->keys, l, b, kv, 0, filled),
                         cached(from, from->keys, l, b, kv, 0, filled));
                mat_copy(cached(to, to->values, l, b, kv, 0, filled),
                         cached(from, from->values, l, b, kv, 0, filled));
            }
    }
}

static void append(KvCache *c, int layer, int b, int kv, Mat k, Mat v, int count,
                   const Position *position) {
    int first = c->time[layer], d = c->head_dim;
    Mat keys = cached(c, c->keys, layer, b, kv, first, count);
    mat_copy(keys, part(k, b, count, kv * d, d));
    if (position) position_turn(position, keys, 1, first, true);
    mat_copy(cached(c, c->values, layer, b, kv, first, count),
             part(v, b, count, kv * d, d));
}

// The queries of one kv head's group, scaled and turned: head after head, T rows each.
static void gather_queries(Mat to, Mat q, int b, int kv, int time, const KvCache *c,
                           int layer, const Heads *h) {
    int group = h->n_heads / h->n_kv_heads, d = c->head_dim;
    for (int g = 0; g < group; g++) {
        Mat rows = mat_rows(to, g * time, time),
            from = part(q, b, time, (kv * group + g) * d, d);
        mat_put_scaled(rows, false, h->scale, from);
        if (h->position) position_turn(h->position, rows, 1, c->time[layer], false);
    }
}

// A key-value head and the heads that share it: q (group T x d, turned) against all that
// is cached. out: T x group d, the heads side by side.
static void attend_group(Mat out, Head *one, int group) {
    int time = one->q.rows / group, d = one->q.cols, first = one->number;
    Mat q = one->q;
    for (int g = 0; g < group; g++) {
        one->q = mat_rows(q, g * time, time), one->number = first + g;
        attend_head(mat_cols(out, g * d, d), one);
    }
    one->q = q, one->number = first;
}

static void check_shapes(Mat out, Mat q, Mat k, Mat v, const KvCache *c, int layer,
                         const Heads *h) {
    int batch = c->batch, time = q.rows / batch, d = c->head_dim;
    assert(h->scale != 0 && "attend_cached: the scale is 0");
    assert(h->batch == batch && h->n_kv_heads == c->n_kv_heads
           && "attend_cached: the cache was made for other heads");
    assert(q.cols == h->n_heads * d && k.cols == h->n_kv_heads * d && v.cols == k.cols
           && k.rows == q.rows && v.rows == q.rows && out.rows == q.rows
           && out.cols == q.cols && "attend_cached: shapes do not fit");
    assert(q.rows == batch * time && time <= c->capacity - c->time[layer]
           && "attend_cached: the cache is full");
    (void)out, (void)q, (void)k, (void)v, (void)c, (void)layer, (void)h, (void)batch,
        (void)time, (void)d;
}

// Whether it takes long enough for threads: about 20 us.
static bool worth_sharing(const KvCache *c, const Heads *h, int time, int end) {
    double numbers = (double)h->n_heads * c->batch * time * end * c->head_dim;
    return numbers > 3e5 && threads_free() > 1;
}

// Key-value head kv of sequence b: its part of the cache grows, and its queries attend to
// all of it. one: room for the queries and for scores.
static Mat enter(Head *one, Mask *mask, Mat out, Mat q, Mat k, Mat v, KvCache *c,
                 int layer, const Heads *h, int b, int kv) {
    int d = c->head_dim, group = h->n_heads / h->n_kv_heads, time = one->q.rows / group,
        end = c->time[layer] + time;
    *mask = mask_of_sequence(&h->mask, b);
    append(c, layer, b, kv, k, v, time, h->position);
    gather_queries(one->q, q, b, kv, time, c, layer, h);
    one->k = cached(c, c->keys, layer, b, kv, 0, end);
    one->v = cached(c, c->values, layer, b, kv, 0, end);
    one->mask = mask, one->position = h->position, one->number = kv * group;
    return part(out, b, time, kv * group * d, group * d);
}

// ---- a new token of each sequence

void kv_cache_ready(KvCache *c, const Heads *h) {
    int heads = c->batch * h->n_heads, each = c->head_dim + c->capacity;
    if (c->room.rows == heads) return;
    mat_free(c->room);
    c->room = mat_new(heads, each);
}

void attend_next(Mat out, Mat q, Mat k, Mat v, KvCache *c, int layer, const Heads *h,
                 int b, int kv) {
    int d = c->head_dim, group = h->n_heads / h->n_kv_heads, end = c->time[layer] + 1;
    Mat room = mat_rows(c->room, (b * c->n_kv_heads + kv) * group, group);
    Mask mask;
    Head one = {.q = mat_view(room.at, group, d),
                .workspace = mat_view(room.at + group * d, group, end)};
    Mat to = enter(&one, &mask, out, q, k, v, c, layer, h, b, kv);
    // one row holds the group's heads side by side: as group x d
    attend_token(mat_view(to.at, group, d), &one);
}

// So many rows that lie one after the other, as one.
static void ask(Mat rows, int d) {
    mat_ask(mat_view(rows.at, 1, int_min(rows.rows, MOST_ASKED / d) * d));
}

void attend_next_soon(const KvCache *c, int layer, int b, int kv) {
    int end = c->time[layer] + 1;
    ask(cached(c, c->keys, layer, b, kv, 0, end), c->head_dim);
    ask(cached(c, c->values, layer, b, kv, 0, end), c->head_dim);
}

void kv_cache_next(KvCache *c, int layer) { c->time[layer]++; }

static void attend_one(Mat out, Mat q, Mat k, Mat v, KvCache *c, int layer,
                       const Heads *h) {
    bool threads = worth_sharing(c, h, 1, c->time[layer] + 1);
    (void)threads;  // without OpenMP
    kv_cache_ready(c, h);
#pragma omp parallel for schedule(dynamic) if (threads)
    for (int task = 0; task < c->batch * h->n_kv_heads; task++)
        attend_next(out, q, k, v, c, layer, h, task / h->n_kv_heads,
                    task % h->n_kv_heads);
    kv_cache_next(c, layer);
}

// ---- any number of them

static void attend_many(Mat out, Mat q, Mat k, Mat v, KvCache *c, int layer,
                        const Heads *h) {
    int time = q.rows / c->batch, end = c->time[layer] + time,
        group = h->n_heads / h->n_kv_heads;
    bool threads = worth_sharing(c, h, time, end);
    (void)threads;  // without OpenMP
#pragma omp parallel if (threads)
    {
        Mask mask;
        Head one = {.q = mat_new(group * time, c->head_dim),
                    .workspace = attend_workspace(time, end)};
#pragma omp for schedule(dynamic)
        for (int task = 0; task < c->batch * h->n_kv_heads; task++) {
            Mat to = enter(&one, &mask, out, q, k, v, c, layer, h, task / h->n_kv_heads,
                           task % h->n_kv_heads);
            attend_group(to, &one, group);
        }
        mat_free(one.q), mat_free(one.workspace);
    }
    c->time[layer] = end;
}

void attend_cached(Mat out, Mat q, Mat k, Mat v, KvCache *c, int layer,
                   const Heads *h) {
    check_shapes(out, q, k, v, c, layer, h);
    if (q.rows == c->batch) attend_one(out, q, k, v, c, layer, h);
    else attend_many(out, q, k, v, c, layer, h);
}
