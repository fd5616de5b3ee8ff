#include "ch06_flash/flash_heads.h"

#include <assert.h>
#include <stdlib.h>

#include "ch06_flash/flash_fast.h"
#include "ch06_flash/register_tile.h"
#include "common/error.h"
#include "common/numeric/machine.h"
#include "common/numeric/small.h"
#include "common/numeric/threads.h"

// All heads' matrices.
typedef struct {
    Mat q, k, v;
    const Heads *h;
    FlashOptions options;
    int queries, keys, d, d_v, group;
} Whole;

static Whole whole_of(Mat q, Mat k, Mat v, const Heads *h,
                      const FlashOptions *options) {
    assert(h->batch > 0 && h->n_kv_heads > 0 && h->n_heads % h->n_kv_heads == 0
           && "flash_heads: n_heads is not a multiple of n_kv_heads");
    assert(q.cols % h->n_heads == 0 && k.cols == q.cols / h->n_heads * h->n_kv_heads
           && v.rows == k.rows && v.cols % h->n_kv_heads == 0
           && "flash_heads: shapes do not fit");
    return (Whole){q,
                   k,
                   v,
                   h,
                   options ? *options : (FlashOptions){0},
                   q.rows / h->batch,
                   k.rows / h->batch,
                   q.cols / h->n_heads,
                   v.cols / h->n_kv_heads,
                   h->n_heads / h->n_kv_heads};
}

// One thread's head: q and k are views of all heads' or, where the position turns them,
// copies, made here when they are needed.
typedef struct {
    FlashHead head;
    bool turns;
    Mat q_turned, k_turned;
} OneHead;

static OneHead head_new(const Whole *all) {
    const Position *p = all->h->position;
    bool adds = p && position_place(p->kind) == POSITION_AT_SCORES,
         turns = p && position_place(p->kind) == POSITION_AT_QUERIES_AND_KEYS;
    return (OneHead){{.scale = all->h->scale,
                      .softcap = all->options.softcap,
                      .position = adds ? p : NULL,
                      .dropout = {all->options.dropout, all->options.seed, 0}},
                     turns,
                     {0},
                     {0}};
}

static void head_free(OneHead *one) {
    mat_free(one->q_turned), mat_free(one->k_turned);
}

// All but turning: where keys are packed already, only their number is used.
static void view_keys(OneHead *one, const Whole *all, int b, int kv) {
    const Heads *h = all->h;
    FlashHead *head = &one->head;
    head->mask = mask_of_sequence(&h->mask, b);
    head->dropout.sequence = b;
    head->v = heads_view(all->v, b, kv, h->batch, h->n_kv_heads);
    head->k = heads_view(all->k, b, kv, h->batch, h->n_kv_heads);
}

static void set_keys(OneHead *one, const Whole *all, int b, int kv) {
    view_keys(one, all, b, kv);
    if (!one->turns) return;
    if (!one->k_turned.at) one->k_turned = mat_new(all->keys, all->d);
    heads_turn_copy(one->k_turned, 1, one->head.k, all->h->position, 0, true);
    one->head.k = one->k_turned;
}

static void set_queries(OneHead *one, const Whole *all, int b, int number, int first,
                        int count) {
    const Heads *h = all->h;
    FlashHead *head = &one->head;
    head->number = number;
    head->q = heads_view(all->q, b, number, h->batch, h->n_heads);
    if (!one->turns) return;
    if (!one->q_turned.at) one->q_turned = mat_new(all->queries, all->d);
    heads_turn_copy(mat_rows(one->q_turned, first, count), 1,
                    mat_rows(head->q, first, count), h->position,
                    all->keys - all->queries + first, false);
    head->q = one->q_turned;
}

static Mat log_sums(Mat lse, const Whole *all, int b, int number) {
    return lse.at ? mat_rows(lse, (b * all->h->n_heads + number) * all->queries,
                             all->queries)
                  : lse;
}

static bool worth_threads(const Whole *all) {
    // about 80 us, as in multihead.c
    return (double)all->h->n_heads * all->h->batch * all->queries * all->keys * all->d
               > 4e6
           && threads_free() > 1;
}

// ---- forward

// Threads pack the keys of some key-value heads together, then share out the queries
// that see them.
typedef struct {
    const Whole *all;
    Mat out, lse;
    FlashKeys *keys;
    int together;  // key-value heads at a time: with threads, as many as fit in half of
                   // all L2 caches
    int part;      // queries of a head that one thread takes at a time
} Forward;

static Forward forward_new(const Whole *all, Mat out, Mat lse, bool threads) {
    int pairs = all->h->batch * all->h->n_kv_heads,
        team = threads ? threads_count() : 1;
    size_t bytes =
        (size_t)all->keys * (size_t)(all->d + tile_width(all->d_v)) * sizeof(real);
    Forward f = {all, out, lse, NULL, 1, 0};
    // threads wait for each other less often; one alone waits for nobody
    if (team > 1)
        f.together =
            (int)size_max(1, size_min((size_t)pairs, (size_t)team * cache_l2() / 2
                                                         / size_max(bytes, 1)));
    f.keys = allocate((size_t)f.together, sizeof *f.keys);
    for (int i = 0; i < f.together; i++)
        f.keys[i] = flash_keys_new(all->keys, all->d, all->d_v, false);
    int parts = threads ? ceil_div(4 * team, f.together * all->group) : 1;
    f.part = int_max(1, ceil_div(ceil_div(all->queries, parts), TILE_COLS)) * TILE_COLS;
    return f;
}

static void forward_free(Forward *f) {
    for (int i = 0; i < f->together; i++) flash_keys_free(&f->keys[i]);
    free(f->keys);
}

static void pack(const Forward *f, OneHead *one, int pair, int count) {
    int kv_heads = f->all->h->n_kv_heads;
#pragma omp for schedule(dynamic)
    for (int i = 0; i < count; i++) {
        set_keys(one, f->all, (pair + i) / kv_heads, (pair + i) % kv_heads);
        flash_keys_set(&f->keys[i], &one->head);
    }
}

static void attend_pairs(const Forward *f, OneHead *one, FlashWork *work, int pair,
                         int count) {
    const Whole *all = f->all;
    const Heads *h = all->h;
    int parts = ceil_div(all->queries, f->part), group = all->group;
#pragma omp for schedule(dynamic)
    for (int task = 0; task < count * group * parts; task++) {
        // of a causal mask the last queries see most: they come first
        int i = task / parts / group, first = (parts - 1 - task % parts) * f->part,
            rows = int_min(f->part, all->queries - first),
            b = (pair + i) / h->n_kv_heads, kv = (pair + i) % h->n_kv_heads,
            n = kv * group + task / parts % group;
        view_keys(one, all, b, kv);
        set_queries(one, all, b, n, first, rows);
        flash_fast(heads_view(f->out, b, n, h->batch, h->n_heads),
                   log_sums(f->lse, all, b, n), &one->head, &f->keys[i], work, first,
                   rows);
    }
}

void flash_heads(Mat out, Mat lse, Mat q, Mat k, Mat v, const Heads *h,
                 const FlashOptions *options) {
    Whole all = whole_of(q, k, v, h, options);
    bool threads = worth_threads(&all);
    Forward f = forward_new(&all, out, lse, threads);
#pragma omp parallel if (threads)
    {
        OneHead one = head_new(&all);
        FlashWork *work = flash_work_new(f.keys);
        int pairs = h->batch * h->n_kv_heads;
        for (int pair = 0; pair < pairs; pair += f.together) {
            int count = int_min(f.together, pairs - pair);
            pack(&f, &one, pair, count);
            attend_pairs(&f, &one, work, pair, count);
        }
        flash_work_free(work), head_free(&one);
    }
    forward_free(&f);
}

// ---- backward

// What one thread sums before it goes where it belongs, turned back.
typedef struct {
    OneHead one;
    Mat q_grad, k_grad;
} Work;

static void backward_head(Work *w, FlashHeadsGrads g, Mat k_grad, Mat v_grad,
                          FlashHeadsOut o, const FlashKeys *keys, const Whole *all,
                          int b, int number) {
    const Heads *h = all->h;
    int first = all->keys - all->queries;
    set_queries(&w->one, all, b, number, 0, all->queries);
    mat_fill(w->q_grad, 0);
    flash_fast_backward(
        (FlashGrads){w->q_grad, {0}, {0}, g.position}, k_grad, v_grad,
        (FlashOut){heads_view(o.out, b, number, h->batch, h->n_heads),
                   log_sums(o.lse, all, b, number),
                   heads_view(o.out_grad, b, number, h->batch, h->n_heads),
                   log_sums(o.lse_grad, all, b, number)},
        &w->one.head, keys);
    heads_turn_back(heads_view(g.q, b, number, h->batch, h->n_heads), 1, w->q_grad,
                    h->position, first, false);
}

static void backward_group(Work *w, FlashHeadsGrads g, FlashHeadsOut o,
                           const Whole *all, int b, int kv) {
    const Heads *h = all->h;
    set_keys(&w->one, all, b, kv);
    FlashKeys keys = flash_keys_new(all->keys, all->d, all->d_v, true);
    flash_keys_set(&keys, &w->one.head);
    Mat k_grad = mat_new(keys.padded, keys.width),
        v_grad = mat_new(keys.padded, keys.width_v);
    for (int n = kv * all->group; n < (kv + 1) * all->group; n++)
        backward_head(w, g, k_grad, v_grad, o, &keys, all, b, n);
    mat_copy(w->k_grad, mat_cols(mat_rows(k_grad, 0, all->keys), 0, all->d));
    heads_turn_back(heads_view(g.k, b, kv, h->batch, h->n_kv_heads), 1, w->k_grad,
                    h->position, 0, true);
    mat_add_scaled(heads_view(g.v, b, kv, h->batch, h->n_kv_heads), 1,
                   mat_cols(mat_rows(v_grad, 0, all->keys), 0, all->d_v));
    mat_free(k_grad), mat_free(v_grad), flash_keys_free(&keys);
}

void flash_heads_backward(FlashHeadsGrads g, FlashHeadsOut o, Mat q, Mat k, Mat v,
                          const Heads *h, const FlashOptions *options) {
    Whole all = whole_of(q, k, v, h, options);
    int rows = g.position.rows;
    // one a sequence: threads may meet in none of them
    Mat parts = mat_new(g.position.at ? h->batch * rows : 0, g.position.cols);
    bool threads = worth_threads(&all);
    (void)threads;  // without OpenMP
#pragma omp parallel if (threads)
    {
        Work w = {head_new(&all), mat_new(all.queries, all.d),
                  mat_new(all.keys, all.d)};
#pragma omp for schedule(dynamic)
        for (int task = 0; task < h->batch * h->n_kv_heads; task++) {
            int b = task / h->n_kv_heads;
            FlashHeadsGrads mine = g;
            if (g.position.at) mine.position = mat_rows(parts, b * rows, rows);
            backward_group(&w, mine, o, &all, b, task % h->n_kv_heads);
        }
        head_free(&w.one), mat_free(w.q_grad), mat_free(w.k_grad);
    }
    for (int b = 0; b < h->batch && g.position.at; b++)
        mat_add_scaled(g.position, 1, mat_rows(parts, b * rows, rows));
    mat_free(parts);
}
