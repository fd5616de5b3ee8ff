#include "ch06_flash/labs/rivals.h"

#include <math.h>
#include <stdlib.h>

#include "ch06_flash/exact.h"
#include "ch06_flash/flash1.h"
#include "ch06_flash/flash2.h"
#include "ch06_flash/flash_backward.h"
#include "ch06_flash/flash_heads.h"
#include "ch06_flash/traffic.h"
#include "common/error.h"
#include "common/numeric/small.h"

// ---- one head of many

static FlashHead head_of(const Contest *c, int head) {
    const Heads *h = &c->heads;
    int kv = head / (h->n_heads / h->n_kv_heads);
    return (FlashHead){.q = heads_view(c->q, 0, head, 1, h->n_heads),
                       .k = heads_view(c->k, 0, kv, 1, h->n_kv_heads),
                       .v = heads_view(c->v, 0, kv, 1, h->n_kv_heads),
                       .scale = h->scale,
                       .number = head,
                       .mask = h->mask};
}

static Mat rows_of(Mat kept, const Contest *c, int head) {
    return mat_rows(kept, head * c->q.rows, c->q.rows);
}

// ---- the versions

static void table_forward(Contest *c) {
    c->kept = mat_new(c->heads.n_heads * c->q.rows, c->k.rows);
    attend_heads(c->out, c->kept, c->q, c->k, c->v, &c->heads);
}

static void table_backward(Contest *c) {
    attend_heads_backward(c->q_grad, c->k_grad, c->v_grad, (Mat){0}, c->out_grad,
                          c->kept, c->q, c->k, c->v, &c->heads);
}

static void blocked_forward(Contest *c) {
    attend_heads(c->out, (Mat){0}, c->q, c->k, c->v, &c->heads);
}

// 64 rows of 64 numbers: the four matrices of a tile and its scores are 80 KiB.
static const Blocks tile = {64, 64};

static void head_by_head(Contest *c, FlashRun *run) {
    c->kept = mat_new(c->heads.n_heads * c->q.rows, 1);
    for (int i = 0; i < c->heads.n_heads; i++) {
        FlashHead h = head_of(c, i);
        Memory m = memory_new(MEMORY_PLAIN, 0);
        run(heads_view(c->out, 0, i, 1, c->heads.n_heads), rows_of(c->kept, c, i), &h,
            tile, &m);
        memory_free(&m);
    }
}

static void fa1_forward(Contest *c) { head_by_head(c, flash1); }
static void fa2_forward(Contest *c) { head_by_head(c, flash2); }

static void fa2_backward(Contest *c) {
    int heads = c->heads.n_heads, kv_heads = c->heads.n_kv_heads;
    for (int i = 0; i < heads; i++) {
        FlashHead h = head_of(c, i);
        int kv = i / (heads / kv_heads);
        Memory m = memory_new(MEMORY_PLAIN, 0);
        flash_backward((FlashGrads){heads_view(c->q_grad, 0, i, 1, heads),
                                    heads_view(c->k_grad, 0, kv, 1, kv_heads),
                                    heads_view(c->v_grad, 0, kv, 1, kv_heads),
                                    {0}},
                       (FlashOut){heads_view(c->out, 0, i, 1, heads),
                                  rows_of(c->kept, c, i),
                                  heads_view(c->out_grad, 0, i, 1, heads),
                                  {0}},
                       &h, tile, &m);
        memory_free(&m);
    }
}

static void fast_forward(Contest *c) {
    c->kept = mat_new(c->heads.n_heads * c->q.rows, 1);
    flash_heads(c->out, c->kept, c->q, c->k, c->v, &c->heads, NULL);
}

static void fast_backward(Contest *c) {
    flash_heads_backward((FlashHeadsGrads){c->q_grad, c->k_grad, c->v_grad, {0}},
                         (FlashHeadsOut){c->out, c->kept, c->out_grad, {0}}, c->q, c->k,
                         c->v, &c->heads, NULL);
}

#define KIND(NAME, name) #name,
const char *const rival_names[] = {RIVAL_LIST(KIND) NULL};
#undef KIND
const Rival rivals[] = {
    [RIVAL_TABLE] = {table_forward, table_backward},
    [RIVAL_BLOCKED] = {blocked_forward, NULL},
    [RIVAL_FA1] = {fa1_forward, NULL},
    [RIVAL_FA2] = {fa2_forward, fa2_backward},
    [RIVAL_FAST] = {fast_forward, fast_backward},
};
_Static_assert(sizeof rivals / sizeof *rivals == RIVALS, "a version is missing");

// ---- inputs and outputs

Contest contest_new(ContestSize s, Rng *rng) {
    int width = s.heads * s.d, kv_width = s.kv_heads * s.d,
        grads = s.backward ? s.n : 0;
    Contest c = {.q = mat_new(s.n, width),
                 .k = mat_new(s.n, kv_width),
                 .v = mat_new(s.n, kv_width),
                 .out = mat_new(s.n, width),
                 .out_grad = mat_new(grads, width),
                 .q_grad = mat_new(grads, width),
                 .k_grad = mat_new(grads, kv_width),
                 .v_grad = mat_new(grads, kv_width),
                 .heads = {.batch = 1,
                           .n_heads = s.heads,
                           .n_kv_heads = s.kv_heads,
                           .scale = attention_scale(s.d),
                           .mask = {.causal = s.causal, .window = s.window}}};
    Mat random[] = {c.q, c.k, c.v, c.out_grad};
    for (int i = 0; i < 4; i++) rng_fill_normal(rng, random[i], 1);
    return c;
}

void contest_forget(Contest *c) {
    mat_free(c->kept);
    c->kept = (Mat){0};
}

void contest_free(Contest *c) {
    Mat all[] = {c->q,      c->k,      c->v,      c->out, c->out_grad,
                 c->q_grad, c->k_grad, c->v_grad, c->kept};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
}

// ---- errors

// One query as a head of its own, with the keys that it sees and no mask.
static FlashHead one_query(const Contest *c, int head, int row) {
    FlashHead h = head_of(c, head);
    KeyRange seen = mask_range(&h.mask, h.q.rows, h.k.rows, row);
    int first = (int)long_max(seen.first, 0),
        count = (int)long_min(seen.end, h.k.rows) - first;
    h.q = mat_rows(h.q, row, 1);
    h.k = mat_rows(h.k, first, count), h.v = mat_rows(h.v, first, count);
    h.mask = (Mask){0};
    return h;
}

typedef void ExactRow(double *row, const FlashHead *h, Mat out_grad);

static void exact_out(double *row, const FlashHead *h, Mat out_grad) {
    double lse;
    (void)out_grad;
    exact_attention(row, &lse, h);
}

// Rows of all heads in turn and of positions as far apart as they can be, the last one
// among them.
static double error_of(const Contest *c, Mat got, ExactRow *exact, int rows) {
    int n = c->q.rows, heads = c->heads.n_heads, d = c->q.cols / heads;
    double off = 0, size = 0, *want = allocate((size_t)d, sizeof *want);
    for (int i = 0; i < rows; i++) {
        int head = i % heads, row = n - 1 - (int)((long long)i * n / rows);
        FlashHead h = one_query(c, head, row);
        Mat grad = c->out_grad.rows
                       ? mat_rows(heads_view(c->out_grad, 0, head, 1, heads), row, 1)
                       : (Mat){0};
        const real *at = mat_at(heads_view(got, 0, head, 1, heads), row, 0);
        exact(want, &h, grad);
        for (int j = 0; j < d; j++)
            off += (at[j] - want[j]) * (at[j] - want[j]), size += want[j] * want[j];
    }
    free(want);
    return sqrt(off / size);
}

double contest_error(const Contest *c, int rows) {
    return error_of(c, c->out, exact_out, rows);
}
double contest_grad_error(const Contest *c, int rows) {
    return error_of(c, c->q_grad, exact_query_grad, rows);
}
