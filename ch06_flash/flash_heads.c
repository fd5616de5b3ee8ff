#include "ch06_flash/flash_heads.h"

#include <assert.h>

#include "ch06_flash/flash_fast.h"
#include "ch06_flash/register_tile.h"
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
// copies, for which there is room here.
typedef struct {
    FlashHead head;
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
                     mat_new(turns ? all->queries : 0, all->d),
                     mat_new(turns ? all->keys : 0, all->d)};
}

static void head_free(OneHead *one) {
    mat_free(one->q_turned), mat_free(one->k_turned);
}

static void set_keys(OneHead *one, const Whole *all, int b, int kv) {
    const Heads *h = all->h;
    FlashHead *head = &one->head;
    head->mask = mask_of_sequence(&h->mask, b);
    head->dropout.sequence = b;
    head->v = heads_view(all->v, b, kv, h->batch, h->n_kv_heads);
    head->k = heads_view(all->k, b, kv, h->batch, h->n_kv_heads);
    if (!one->k_turned.rows) return;
    heads_turn_copy(one->k_turned, 1, head->k, h->position, 0, true);
    head->k = one->k_turned;
}

static void set_queries(OneHead *one, const Whole *all, int b, int number, int first,
                        int count) {
    const Heads *h = all->h;
    FlashHead *head = &one->head;
    head->number = number;
    head->q = heads_view(all->q, b, number, h->batch, h->n_heads);
    if (!one->q_turned.rows) return;
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

// A head's queries in so many parts that all threads have something to do.
static int part_size(const Whole *all) {
    int pairs = all->h->batch * all->h->n_kv_heads,
        parts = pairs >= 2 * threads_count() ? 1 : ceil_div(2 * threads_count(), pairs);
    return int_max(1, ceil_div(ceil_div(all->queries, parts), TILE_COLS)) * TILE_COLS;
}

void flash_heads(Mat out, Mat lse, Mat q, Mat k, Mat v, const Heads *h,
                 const FlashOptions *options) {
    Whole all = whole_of(q, k, v, h, options);
    bool threads = worth_threads(&all);
    int size = threads ? part_size(&all) : int_max(TILE_COLS, all.queries + TILE_COLS),
        parts;
    size -= size % TILE_COLS;
    parts = ceil_div(all.queries, size);
#pragma omp parallel if (threads)
    {
        OneHead one = head_new(&all);
        FlashKeys keys = {0};
        FlashWork *work = NULL;
#pragma omp for schedule(dynamic)
        for (int task = 0; task < h->batch * h->n_kv_heads * parts; task++) {
            int pair = task / parts, b = pair / h->n_kv_heads,
                kv = pair % h->n_kv_heads, first = task % parts * size,
                count = int_min(size, all.queries - first);
            set_keys(&one, &all, b, kv);
            if (!work)
                keys = flash_keys_new(&one.head, false), work = flash_work_new(&keys);
            else flash_keys_set(&keys, &one.head);
            for (int n = kv * all.group; n < (kv + 1) * all.group; n++) {
                set_queries(&one, &all, b, n, first, count);
                flash_fast(heads_view(out, b, n, h->batch, h->n_heads),
                           log_sums(lse, &all, b, n), &one.head, &keys, work, first,
                           count);
            }
        }
        flash_work_free(work), flash_keys_free(&keys);
        head_free(&one);
    }
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
    FlashKeys keys = flash_keys_new(&w->one.head, true);
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
