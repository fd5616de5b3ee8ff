#include "ch02_attention/multihead.h"

#include <assert.h>

#include "common/numeric/threads.h"

// ---- shapes: time is how many rows a sequence has, head_dim how many columns a head

static int q_time(Mat q, const Heads *h) { return q.rows / h->batch; }
static int head_dim(Mat q, const Heads *h) { return q.cols / h->n_heads; }

Mat heads_view(Mat m, int b, int head, int batch, int n_heads) {
    int time = m.rows / batch, d = m.cols / n_heads;
    return mat_cols(mat_rows(m, b * time, time), head * d, d);
}

static Mat weights_of(Mat weights, int b, int head, const Heads *h, int time) {
    return weights.at ? mat_rows(weights, (b * h->n_heads + head) * time, time)
                      : weights;
}

static void check_shapes(Mat out, Mat weights, Mat q, Mat k, Mat v, const Heads *h) {
    assert(h->batch > 0 && h->n_kv_heads > 0 && h->n_heads % h->n_kv_heads == 0
           && "attend_heads: n_heads is not a multiple of n_kv_heads");
    assert(q.rows % h->batch == 0 && k.rows % h->batch == 0
           && "attend_heads: rows are not batch x time");
    assert(q.cols % h->n_heads == 0
           && "attend_heads: q's columns are not n_heads x head_dim");
    assert(k.cols == h->n_kv_heads * head_dim(q, h)
           && "attend_heads: k's columns are not n_kv_heads x head_dim");
    assert(v.rows == k.rows && v.cols == k.cols
           && "attend_heads: k and v differ in shape");
    assert(out.rows == q.rows && out.cols == q.cols
           && "attend_heads: q and out differ in shape");
    assert(
        (!weights.at
         || (weights.rows == q.rows * h->n_heads && weights.cols == k.rows / h->batch))
        && "attend_heads: weights are not batch n_heads T x S");
    assert(out.col_stride == 1 && q.col_stride == 1 && k.col_stride == 1
           && v.col_stride == 1 && (!weights.at || weights.col_stride == 1)
           && "attend_heads: columns are not side by side");
    assert(h->scale != 0 && "attend_heads: the scale is 0");
    (void)out, (void)weights, (void)q, (void)k, (void)v, (void)h;
}

// ---- small pieces

void heads_turn_copy(Mat to, real factor, Mat from, const Position *position, int first,
                     bool is_key) {
    mat_put_scaled(to, false, factor, from);
    if (position) position_turn(position, to, 1, first, is_key);
}

static void turn_back(HeadsGrad grad, Mat turned_grad, real factor, int b, int head,
                      int n_heads, const Heads *h, int first, bool is_key) {
    if (h->position) position_turn_backward(h->position, turned_grad, 1, first, is_key);
    mat_put_scaled(heads_view(grad.to, b, head, h->batch, n_heads), grad.add, factor,
                   turned_grad);
}

void heads_turn_back(Mat grad, real factor, Mat turned_grad, const Position *position,
                     int first, bool is_key) {
    if (position) position_turn_backward(position, turned_grad, 1, first, is_key);
    mat_add_scaled(grad, factor, turned_grad);
}

static bool worth_threads(const Heads *h, Mat q, Mat k) {
    // about 80 us: waking a thread that sleeps takes some 20
    return (double)h->n_heads * q_time(q, h) * k.rows * head_dim(q, h) > 4e6
           && threads_free() > 1;
}

// ---- forward

void attend_heads(Mat out, Mat weights, Mat q, Mat k, Mat v, const Heads *h) {
    check_shapes(out, weights, q, k, v, h);
    int queries = q_time(q, h), keys = k.rows / h->batch, d = head_dim(q, h),
        group = h->n_heads / h->n_kv_heads;
    bool threads = worth_threads(h, q, k);
    (void)threads;  // without OpenMP
#pragma omp parallel if (threads)
    {
        Head one = {.q = mat_new(queries, d),
                    .k = mat_new(keys, d),
                    .workspace = attend_workspace(weights.at ? 0 : queries, keys),
                    .position = h->position};
#pragma omp for schedule(dynamic)
        for (int task = 0; task < h->batch * h->n_heads; task++) {
            int b = task / h->n_heads, head = task % h->n_heads, kv = head / group;
            Mask mask = mask_of_sequence(&h->mask, b);
            heads_turn_copy(one.q, h->scale,
                            heads_view(q, b, head, h->batch, h->n_heads), h->position,
                            keys - queries, false);
            heads_turn_copy(one.k, 1, heads_view(k, b, kv, h->batch, h->n_kv_heads),
                            h->position, 0, true);
            one.v = heads_view(v, b, kv, h->batch, h->n_kv_heads);
            one.weights = weights_of(weights, b, head, h, queries);
            one.mask = &mask, one.number = head;
            attend_head(heads_view(out, b, head, h->batch, h->n_heads), &one);
        }
        mat_free(one.q), mat_free(one.k), mat_free(one.workspace);
    }
}

// ---- backward

// All heads' matrices, as attend_heads_backward got them.
typedef struct {
    HeadsGrad q_grad, k_grad, v_grad;
    Mat out_grad, weights, q, k, v;
    const Heads *h;
} Whole;

// What one thread needs: a head, turned, and its gradients.
typedef struct {
    Head head;
    HeadGrads grads;
} Workspace;

static Workspace workspace_new(int queries, int keys, int d, const Heads *h) {
    return (Workspace){
        {.q = mat_new(queries, d),
         .k = mat_new(keys, d),
         .workspace = attend_workspace(queries, keys),
         .position = h->position},
        {.q = mat_new(queries, d), .k = mat_new(keys, d), .v = mat_new(keys, d)}};
}

static void workspace_free(Workspace *w) {
    mat_free(w->head.q), mat_free(w->head.k), mat_free(w->head.workspace);
    mat_free(w->grads.q), mat_free(w->grads.k), mat_free(w->grads.v);
}

// One query head: its dQ goes where it belongs, its dK and dV are added to the group's.
static void backward_head(const Whole *all, int b, int head, Workspace *w) {
    const Heads *h = all->h;
    int first = w->head.k.rows - w->head.q.rows;
    heads_turn_copy(w->head.q, h->scale,
                    heads_view(all->q, b, head, h->batch, h->n_heads), h->position,
                    first, false);
    w->head.weights = weights_of(all->weights, b, head, h, w->head.q.rows);
    w->head.number = head;
    mat_fill(w->grads.q, 0);
    attend_head_backward(
        w->grads, heads_view(all->out_grad, b, head, h->batch, h->n_heads), &w->head);
    turn_back(all->q_grad, w->grads.q, h->scale, b, head, h->n_heads, h, first, false);
}

// Key-value head `kv` of sequence b, and the heads that share it, one after the other.
static void backward_group(const Whole *all, int b, int kv, Workspace *w) {
    const Heads *h = all->h;
    int group = h->n_heads / h->n_kv_heads;
    Mask mask = mask_of_sequence(&h->mask, b);
    heads_turn_copy(w->head.k, 1, heads_view(all->k, b, kv, h->batch, h->n_kv_heads),
                    h->position, 0, true);
    w->head.v = heads_view(all->v, b, kv, h->batch, h->n_kv_heads);
    w->head.mask = &mask;
    mat_fill(w->grads.k, 0), mat_fill(w->grads.v, 0);
    for (int head = kv * group; head < (kv + 1) * group; head++)
        backward_head(all, b, head, w);
    turn_back(all->k_grad, w->grads.k, 1, b, kv, h->n_kv_heads, h, 0, true);
    mat_put_scaled(heads_view(all->v_grad.to, b, kv, h->batch, h->n_kv_heads),
                   all->v_grad.add, 1, w->grads.v);
}

void attend_heads_backward(Mat q_grad, Mat k_grad, Mat v_grad, Mat position_grad,
                           Mat out_grad, Mat weights, Mat q, Mat k, Mat v,
                           const Heads *h) {
    attend_heads_backward_to((HeadsGrad){q_grad, true}, (HeadsGrad){k_grad, true},
                             (HeadsGrad){v_grad, true}, position_grad, out_grad,
                             weights, q, k, v, h);
}

void attend_heads_backward_to(HeadsGrad q_grad, HeadsGrad k_grad, HeadsGrad v_grad,
                              Mat position_grad, Mat out_grad, Mat weights, Mat q,
                              Mat k, Mat v, const Heads *h) {
    check_shapes(out_grad, weights, q, k, v, h);
    check_shapes(out_grad, weights, q_grad.to, k_grad.to, v_grad.to, h);
    assert(weights.at && "attend_heads_backward: forward kept no weights");
    Whole all = {q_grad, k_grad, v_grad, out_grad, weights, q, k, v, h};
    int rows = position_grad.rows;
    // one a sequence: threads may meet in none of them
    Mat parts = mat_new(position_grad.at ? h->batch * rows : 0, position_grad.cols);
    bool threads = worth_threads(h, q, k);
    (void)threads;  // without OpenMP
#pragma omp parallel if (threads)
    {
        Workspace w = workspace_new(q_time(q, h), k.rows / h->batch, head_dim(q, h), h);
#pragma omp for schedule(dynamic)
        for (int task = 0; task < h->batch * h->n_kv_heads; task++) {
            int b = task / h->n_kv_heads;
            if (position_grad.at) w.grads.position = mat_rows(parts, b * rows, rows);
            backward_group(&all, b, task % h->n_kv_heads, &w);
        }
        workspace_free(&w);
    }
    for (int b = 0; b < h->batch && position_grad.at; b++)
        mat_add_scaled(position_grad, 1, mat_rows(parts, b * rows, rows));
    mat_free(parts);
}

// ---- the layer

Projections projections_new(int columns, int context_columns, int n_heads,
                            int n_kv_heads, int head_dimension) {
    int wide = n_heads * head_dimension, narrow = n_kv_heads * head_dimension;
    return (Projections){mat_new(columns, wide), mat_new(context_columns, narrow),
                         mat_new(context_columns, narrow), mat_new(wide, columns)};
}

void projections_free(Projections *p) {
    mat_free(p->q), mat_free(p->k), mat_free(p->v), mat_free(p->o);
}

MultiheadSaved multihead_saved_new(int q_rows, int context_rows, const Projections *w,
                                   const Heads *h) {
    assert((double)q_rows * h->n_heads < 0x1p31
           && "multihead_saved_new: more rows than a Mat can have");
    return (MultiheadSaved){mat_new(q_rows, w->q.cols),
                            mat_new(context_rows, w->k.cols),
                            mat_new(context_rows, w->v.cols),
                            mat_new(q_rows * h->n_heads, context_rows / h->batch),
                            mat_new(q_rows, w->o.rows)};
}

void multihead_saved_free(MultiheadSaved *s) {
    mat_free(s->q), mat_free(s->k), mat_free(s->v), mat_free(s->weights),
        mat_free(s->mixed);
}

void multihead(Mat out, MultiheadSaved *saved, Mat x, Mat context, const Projections *w,
               const Heads *h) {
    matmul(saved->q, x, w->q);
    matmul(saved->k, context, w->k);
    matmul(saved->v, context, w->v);
    attend_heads(saved->mixed, saved->weights, saved->q, saved->k, saved->v, h);
    matmul(out, saved->mixed, w->o);
}

// Of y = x W: dx = dy W^T, dW = x^T dy.
static void project_backward(Mat x_grad, Mat w_grad, Mat y_grad, Mat x, Mat w) {
    matmul_add(x_grad, y_grad, mat_transpose(w));
    matmul_add(w_grad, mat_transpose(x), y_grad);
}

void multihead_backward(Mat x_grad, Mat context_grad, Projections *w_grad,
                        Mat position_grad, Mat out_grad, const MultiheadSaved *saved,
                        Mat x, Mat context, const Projections *w, const Heads *h) {
    Mat mixed_grad = mat_new(saved->mixed.rows, saved->mixed.cols),
        q_grad = mat_new(saved->q.rows, saved->q.cols);
    Mat k_grad = mat_new(saved->k.rows, saved->k.cols),
        v_grad = mat_new(saved->v.rows, saved->v.cols);
    project_backward(mixed_grad, w_grad->o, out_grad, saved->mixed, w->o);
    attend_heads_backward(q_grad, k_grad, v_grad, position_grad, mixed_grad,
                          saved->weights, saved->q, saved->k, saved->v, h);
    project_backward(x_grad, w_grad->q, q_grad, x, w->q);
    project_backward(context_grad, w_grad->k, k_grad, context, w->k);
    project_backward(context_grad, w_grad->v, v_grad, context, w->v);
    mat_free(mixed_grad), mat_free(q_grad), mat_free(k_grad), mat_free(v_grad);
}

// ---- checkpoints

static int heads_per_group(Mat fewer, int fewer_heads, Mat more, int more_heads) {
    assert(fewer_heads > 0 && more_heads % fewer_heads == 0
           && "kv heads: their numbers do not divide");
    assert(fewer.rows == more.rows && fewer.cols * more_heads == more.cols * fewer_heads
           && fewer.cols % fewer_heads == 0
           && "kv heads: the matrices differ in rows or in columns per head");
    (void)fewer, (void)more;
    return more_heads / fewer_heads;
}

void kv_heads_average(Mat to, int to_heads, Mat from, int from_heads) {
    int group = heads_per_group(to, to_heads, from, from_heads), d = to.cols / to_heads;
    mat_fill(to, 0);
    for (int head = 0; head < from_heads; head++)
        mat_add_scaled(mat_cols(to, head / group * d, d), 1 / (real)group,
                       mat_cols(from, head * d, d));
}

void kv_heads_repeat(Mat to, int to_heads, Mat from, int from_heads) {
    int group = heads_per_group(from, from_heads, to, to_heads),
        d = from.cols / from_heads;
    for (int head = 0; head < to_heads; head++)
        mat_copy(mat_cols(to, head * d, d), mat_cols(from, head / group * d, d));
}
