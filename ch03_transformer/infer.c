#include "ch03_transformer/infer.h"

#include <assert.h>
#include <stdlib.h>

#include "common/numeric/vec.h"

static const real EPSILON = (real)1e-5;
// most tokens of a prompt that go through together: bounds the workspace
enum { TOGETHER = 256 };

static int min(int a, int b) { return a < b ? a : b; }

// ---- the model

Mat infer_model_new_mat(InferModel *m, int rows, int cols) {
    reserve(m->owned, m->owned_capacity, m->owned_count + 1);
    return m->owned[m->owned_count++] = mat_new(rows, cols);
}

void infer_model_free(InferModel *m) {
    for (size_t i = 0; i < m->owned_count; i++) mat_free(m->owned[i]);
    free(m->owned), free(m->layer);
    *m = (InferModel){0};
}

static size_t numbers(Mat m) { return m.at ? (size_t)m.rows * m.cols : 0; }

size_t infer_model_weights(const InferModel *m) {
    size_t n = (size_t)m->vocab * m->dim;
    for (int l = 0; l < m->layers; l++) {
        const InferLayer *a = &m->layer[l];
        n += numbers(a->q) + numbers(a->k) + numbers(a->v) + numbers(a->o);
        n += numbers(a->gate) + numbers(a->up) + numbers(a->down);
    }
    return n;
}

// ---- a session

bool inference_new(Inference *s, const InferModel *m, int capacity, Error *err) {
    assert(capacity >= 1 && capacity <= m->context
           && "inference_new: more positions than the model has");
    *s = (Inference){.model = m, .capacity = capacity};
    if ((double)m->layers * m->kv_heads * capacity >= 0x1p31)
        return error_set(err, "a cache for %d positions is too large", capacity);
    int head = m->dim / m->heads, rows = min(capacity, TOGETHER);
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
}

// ---- the parts of a block

VEC_FUNCTION static void rms_norm_row(real *y, const real *x, const real *gain, int n) {
    real scale = 1 / (real)sqrt(array_dot(x, x, (size_t)n) / (real)n + EPSILON);
    for (int i = 0; i < n; i++) y[i] = gain[i] * (scale * x[i]);
}

VEC_FUNCTION static void layer_norm_row(real *y, const real *x, const real *gain,
                                        const real *bias, int n) {
    real mean = array_sum(x, (size_t)n) / (real)n;
    for (int i = 0; i < n; i++) y[i] = x[i] - mean;
    real scale = 1 / (real)sqrt(array_dot(y, y, (size_t)n) / (real)n + EPSILON);
    for (int i = 0; i < n; i++) y[i] = gain[i] * (scale * y[i]) + bias[i];
}

static void normalise(Mat y, Mat x, Mat gain, Mat bias, bool rms) {
    for (int t = 0; t < x.rows; t++)
        if (rms) rms_norm_row(mat_at(y, t, 0), mat_at(x, t, 0), gain.at, x.cols);
        else layer_norm_row(mat_at(y, t, 0), mat_at(x, t, 0), gain.at, bias.at, x.cols);
}

static void add_bias(Mat y, Mat bias) {
    if (!bias.at) return;
    for (int t = 0; t < y.rows; t++)
        for (int i = 0; i < y.cols; i++) *mat_at(y, t, i) += bias.at[i];
}

// The dot products of x with four rows of a matrix, side by side: x is loaded once, and
// memory is asked for what the next four rows need while these are multiplied. n: a
// multiple of VEC_LANES.
VEC_INLINE void four_dots(real *y, const real *x, const real *w, ptrdiff_t step, int n,
                          bool add) {
    Vec sum[4] = {{0}};
    for (int j = 0; j < n; j += VEC_LANES) {
        Vec xs = vec_load(x + j);
#pragma GCC unroll 4
        for (int r = 0; r < 4; r++) {
            __builtin_prefetch(w + (r + 4) * step + j);
            sum[r] += xs * vec_load(w + r * step + j);
        }
    }
    for (int r = 0; r < 4; r++) y[r] = vec_sum(sum[r]) + (add ? y[r] : 0);
}

// y = W x or y += W x for one token: each weight is used once, so all that counts is to
// read them without a pause.
VEC_FUNCTION static void multiply_one(real *y, const real *x, Mat w, bool add) {
    int whole = w.rows / 4 * 4;
#pragma omp parallel for if ((double)w.rows * w.cols > 2e5) \
    schedule(static)  // some 20 us: worth waking a thread
    for (int i = 0; i < whole; i += 4)
        four_dots(y + i, x, mat_at(w, i, 0), w.row_stride, w.cols, add);
    for (int i = whole; i < w.rows; i++)
        y[i] = array_dot(x, mat_at(w, i, 0), (size_t)w.cols) + (add ? y[i] : 0);
}

// y = x W^T + b, or y += x W^T + b.
static void project(Inference *s, Mat y, Mat x, Mat w, Mat bias, bool add) {
    s->weights_read += numbers(w), s->flops += 2.0 * x.rows * (double)numbers(w);
    if (x.rows == 1 && w.col_stride == 1 && w.cols % VEC_LANES == 0)
        multiply_one(y.at, x.at, w, add);
    else if (add) matmul_add(y, x, mat_transpose(w));
    else matmul(y, x, mat_transpose(w));
    add_bias(y, bias);
}

VEC_INLINE Vec swiglu(Vec gate, Vec up) { return gate / (1 + vec_exp(-gate)) * up; }
VEC_INLINE Vec gelu(Vec x) {
    const real ROOT = (real)0.79788456080286535588;  // sqrt(2 / pi)
    return (real)0.5 * x * (1 + vec_tanh(ROOT * (x + (real)0.044715 * x * x * x)));
}

// x = silu(gate) x, or without a gate gelu(x); n numbers.
VEC_FUNCTION static void bend(real *x, const real *gate, size_t n) {
    size_t i = 0;
    for (; i + VEC_LANES <= n; i += VEC_LANES) {
        Vec up = vec_load(x + i);
        vec_store(x + i, gate ? swiglu(vec_load(gate + i), up) : gelu(up));
    }
    if (i == n) return;
    Vec up = vec_load_part(x + i, n - i, 0);
    vec_store_part(x + i, n - i,
                   gate ? swiglu(vec_load_part(gate + i, n - i, 0), up) : gelu(up));
}

static void feed_forward(Inference *s, const InferLayer *w, Mat x, Mat y) {
    Mat hidden = mat_rows(s->hidden, 0, x.rows), gate = mat_rows(s->gate, 0, x.rows);
    project(s, hidden, y, w->up, w->up_bias, false);
    if (w->gate.at) project(s, gate, y, w->gate, (Mat){0}, false);
    bend(hidden.at, w->gate.at ? gate.at : NULL, numbers(hidden));
    project(s, x, hidden, w->down, w->down_bias, true);
}

// ---- forward

static void embed(Mat x, const Inference *s, const int *tokens) {
    for (int t = 0; t < x.rows; t++) {
        assert(tokens[t] >= 0 && tokens[t] < s->model->vocab && "infer: no such token");
        mat_copy(mat_rows(x, t, 1), mat_rows(s->model->embedding, tokens[t], 1));
    }
    position_add(&s->position, x, s->time);  // LLaMA: nothing
}

static void block(Inference *s, int layer, Mat x) {
    const InferModel *m = s->model;
    const InferLayer *w = &m->layer[layer];
    Heads heads = {1,
                   m->heads,
                   m->kv_heads,
                   attention_scale(m->dim / m->heads),
                   {.causal = true},
                   &s->position};
    Mat y = mat_rows(s->y, 0, x.rows), q = mat_rows(s->q, 0, x.rows),
        k = mat_rows(s->k, 0, x.rows);
    Mat v = mat_rows(s->v, 0, x.rows), mixed = mat_rows(s->mixed, 0, x.rows);
    normalise(y, x, w->norm, w->norm_bias, m->rms_norm);
    project(s, q, y, w->q, w->q_bias, false);
    project(s, k, y, w->k, w->k_bias, false);
    project(s, v, y, w->v, w->v_bias, false);
    attend_cached(mixed, q, k, v, &s->cache, layer, &heads);
    project(s, x, mixed, w->o, w->o_bias, true);
    normalise(y, x, w->ffn_norm, w->ffn_norm_bias, m->rms_norm);
    feed_forward(s, w, x, y);
}

static void classify(Mat logits, Inference *s, Mat x) {
    const InferModel *m = s->model;
    Mat y = mat_rows(s->y, 0, x.rows);
    normalise(y, x, m->final_norm, m->final_norm_bias, m->rms_norm);
    project(s, logits, y, mat_rows(m->output, 0, m->vocab), (Mat){0}, false);
}

void infer(Inference *s, const int *tokens, int count, Mat logits) {
    assert(count >= 0 && s->time + count <= s->capacity
           && "infer: no room for so many tokens");
    assert((!logits.rows || logits.cols == s->model->vocab)
           && "infer: logits are not as wide as the vocabulary");
    assert((logits.rows <= 1 || logits.rows == count)
           && "infer: logits for none, the last, or all tokens");
    for (int done = 0, n; done < count; done += n) {
        n = min(count - done, s->x.rows);
        Mat x = mat_rows(s->x, 0, n);
        embed(x, s, tokens + done);
        for (int l = 0; l < s->model->layers; l++) block(s, l, x);
        s->time += n;
        if (logits.rows == count) classify(mat_rows(logits, done, n), s, x);
        else if (logits.rows == 1 && done + n == count)
            classify(logits, s, mat_rows(x, n - 1, 1));
    }
}

// ---- the next token

int token_greedy(Mat logits) {
    assert(logits.cols >= 1 && logits.col_stride == 1 && "token_greedy: not a row");
    real most = array_max(logits.at, (size_t)logits.cols);
    int best = 0;
    while (best < logits.cols - 1 && logits.at[best] != most) best++;
    return best;
}

typedef struct {
    double p;
    int token;
} Candidate;

static int by_probability(const void *a, const void *b) {
    const Candidate *x = a, *y = b;
    return x->p != y->p ? (x->p < y->p) - (x->p > y->p)
                        : (x->token > y->token) - (x->token < y->token);
}

// Cuts sorted candidates to the smallest number that has top_p.
static int nucleus(const Candidate *c, int n, double top_p) {
    double sum = 0;
    for (int i = 0; i < n; i++)
        if ((sum += c[i].p) >= top_p) return i + 1;
    return n;
}

int token_sample(Mat logits, double temperature, double top_p, Rng *rng) {
    int n = logits.cols, kept = 0;
    Candidate *c = allocate((size_t)n, sizeof *c);
    double *p = allocate((size_t)n, sizeof *p), sum = 0,
           most = *mat_at(logits, 0, token_greedy(logits));
    for (int i = 0; i < n; i++)
        sum += p[i] = exp((*mat_at(logits, 0, i) - most) / temperature);
    // All that are below (1 - top_p) / n have less than 1 - top_p together: not needed,
    // and most need no sorting.
    double least = top_p < 1 ? (1 - top_p) / n : 0;
    for (int i = 0; i < n; i++)
        if (p[i] / sum >= least) c[kept++] = (Candidate){p[i] / sum, i};
    if (top_p < 1) {
        qsort(c, (size_t)kept, sizeof *c, by_probability);
        kept = nucleus(c, kept, top_p);
    }
    for (int i = 0; i < kept; i++) p[i] = c[i].p;
    int token = c[rng_categorical(rng, p, kept)].token;
    free(c), free(p);
    return token;
}
