// The solution of chapter 3's homework. Each function is as short as its idea;
// README.md has the ideas.
#include "ch03_transformer/clip.h"
#include "ch03_transformer/homework/hw03.h"

#include <math.h>

#include "ch03_transformer/activation.h"
#include "ch03_transformer/arithmetic.h"
#include "ch03_transformer/cross_entropy.h"
#include "ch03_transformer/dropout.h"

// ---- 1. QK-norm

// The rows of one head: rows x d.
static Mat head_of(Mat m, int head, int dim) { return mat_cols(m, head * dim, dim); }

static real row_dot(Mat a, Mat b, int i) {
    real sum = 0;
    for (int c = 0; c < a.cols; c++) sum += *mat_at(a, i, c) * *mat_at(b, i, c);
    return sum;
}

// y = x / s:  dx = (g - y mean(y g)) / s with g = gain dout, dgain = sum of y dout.
// inverse: 1 / s of each row.
static void head_backward(Mat dx, Mat dgain, Mat dout, Mat x, Mat gain, Mat inverse) {
    for (int i = 0; i < x.rows; i++) {
        real r = *mat_at(inverse, i, 0), yg = 0;
        for (int c = 0; c < x.cols; c++) {
            real yd = *mat_at(x, i, c) * r * *mat_at(dout, i, c);
            *mat_at(dgain, 0, c) += yd;
            yg += yd * *mat_at(gain, 0, c);
        }
        for (int c = 0; c < x.cols; c++) {
            real g = *mat_at(gain, 0, c) * *mat_at(dout, i, c),
                 y = *mat_at(x, i, c) * r;
            *mat_at(dx, i, c) += r * (g - y * yg / (real)x.cols);
        }
    }
}

static void qk_norm_pull(Tape *t, Node *self) {
    Node *x = self->from[0], *gain = self->from[1];
    int dim = gain->value.cols;
    Mat inverse = *(Mat *)self->saved, dx = grad_add(t, x), dgain = grad_add(t, gain);
    for (int h = 0; h < x->value.cols / dim; h++)
        head_backward(head_of(dx, h, dim), dgain, head_of(self->grad, h, dim),
                      head_of(x->value, h, dim), gain->value, mat_cols(inverse, h, 1));
}

Node *qk_norm(Tape *t, Node *x, Node *gain, double epsilon) {
    static const Operation operation = {"qk norm", qk_norm_pull};
    int dim = gain->value.cols, heads = x->value.cols / dim;
    Node *out = node_new(t, &operation, x->value.rows, x->value.cols, x, gain, NULL);
    Mat inverse = tape_mat(t, x->value.rows, heads);
    out->saved = tape_allocate(t, sizeof inverse);
    *(Mat *)out->saved = inverse;
    for (int h = 0; h < heads; h++)
        for (int i = 0; i < x->value.rows; i++) {
            Mat from = head_of(x->value, h, dim);
            real r = *mat_at(inverse, i, h) =
                1 / (real)sqrt((double)row_dot(from, from, i) / dim + epsilon);
            for (int c = 0; c < dim; c++)
                *mat_at(out->value, i, h * dim + c) =
                    *mat_at(gain->value, 0, c) * *mat_at(from, i, c) * r;
        }
    return out;
}

// q . k = sum of (g_c h_c) y_c z_c with |y|^2, |z|^2 <= d: at most d times the largest
// factor, and that much if y and z have nothing but this channel.
double qk_score_bound(Mat q_gain, Mat k_gain, double scale) {
    double most = 0;
    for (int c = 0; c < q_gain.cols; c++)
        most = fmax(
            most, fabs((double)*mat_at(q_gain, 0, c) * (double)*mat_at(k_gain, 0, c)));
    return fabs(scale) * q_gain.cols * most;
}

// ---- 2. The parallel block

Node *parallel_block(Tape *t, const Block *b, Node *x, const Surroundings *s) {
    Node *n = norm(t, &b->norm_attention, x);
    Node *mixed = dropout(t, self_attention(t, &b->attention, n, s), b->dropout);
    return add(t, x, add(t, mixed, dropout(t, ffn(t, &b->ffn, n), b->dropout)));
}

static void slice_pull(Tape *t, Node *y) {
    Mat part = mat_cols(grad_add(t, y->from[0]), *(int *)y->saved, y->value.cols);
    mat_add_scaled(part, 1, y->grad);
}

Node *slice_cols(Tape *t, Node *x, int first, int count) {
    static const Operation operation = {"slice cols", slice_pull};
    Node *y = node_of(t, &operation, mat_cols(x->value, first, count), x, NULL, NULL);
    y->saved = tape_allocate(t, sizeof first);
    *(int *)y->saved = first;
    return y;
}

Node *fused_block(Tape *t, const FusedBlock *b, Node *x, const Surroundings *s) {
    int wide = b->n_heads * b->head_dim, narrow = b->n_kv_heads * b->head_dim;
    Heads heads = {s->batch,       b->n_heads, b->n_kv_heads,
                   (real)b->scale, s->mask,    s->position};
    Node *all = linear(t, &b->in, norm(t, &b->norm, x));
    Node *q = slice_cols(t, all, 0, wide), *k = slice_cols(t, all, wide, narrow);
    Node *v = slice_cols(t, all, wide + narrow, narrow),
         *up = slice_cols(t, all, wide + 2 * narrow, b->hidden);
    Node *mixed =
        linear(t, &b->attention_out, attend(t, q, k, v, s->position_param, &heads));
    return add(t, x, add(t, mixed, linear(t, &b->down, gelu(t, up))));
}

// ---- 3. Tied weights, backward

void tied_backward(Mat table_grad, Mat hidden_grad, const int *ids, Mat input_grad,
                   double input_scale, Mat logits_grad, double logit_scale, Mat hidden,
                   Mat table) {
    for (int i = 0; i < input_grad.rows; i++)
        mat_add_scaled(mat_rows(table_grad, ids[i], 1), (real)input_scale,
                       mat_rows(input_grad, i, 1));
    Mat scaled = mat_new(logits_grad.rows, logits_grad.cols);
    mat_add_scaled(scaled, (real)logit_scale, logits_grad);
    matmul_add(table_grad, mat_transpose(scaled), hidden);
    matmul_add(hidden_grad, scaled, table);
    mat_free(scaled);
}

// ---- 4. Recomputation

typedef struct {
    Params *params;
    SubGraph *f;
    const void *context;
    bool training;
    uint64_t seed;
} Recomputed;

// f on a tape of its own, which *x_inside begins.
static Tape *run_inside(const Recomputed *r, Node *x, Node **x_inside, Node **y) {
    Tape *inner = tape_new(r->params);
    tape_training(inner, r->training, r->seed);
    *x_inside =
        wants_grad(x) ? variable_node(inner, x->value) : constant_node(inner, x->value);
    *y = r->f(inner, *x_inside, r->context);
    return inner;
}

static void recompute_pull(Tape *t, Node *self) {
    Node *x = self->from[0], *x_inside, *y;
    Tape *inner = run_inside(self->saved, x, &x_inside, &y);
    tape_backward_from(inner, y, self->grad);
    if (x_inside->grad.at) mat_add_scaled(grad_add(t, x), 1, x_inside->grad);
    tape_free(inner);
}

Node *recompute(Tape *t, Params *params, Node *x, SubGraph *f, const void *context) {
    static const Operation operation = {"recompute", recompute_pull};
    Node *x_inside, *y;
    Recomputed *r = tape_allocate(t, sizeof *r);
    *r = (Recomputed){params, f, context, tape_is_training(t), tape_draw(t)};
    Tape *inner = run_inside(r, x, &x_inside, &y);
    Node *out = node_new(t, &operation, y->value.rows, y->value.cols, x, NULL, NULL);
    mat_copy(out->value, y->value);
    out->needs_grad = y->needs_grad;  // the parameters' sake: x alone may not want any
    out->saved = r;
    tape_free(inner);
    return out;
}

// ---- 5. Maximal update parametrisation

// What grows says what the parameter is: rows and columns, a hidden matrix; columns
// alone, an embedding, a gain or a bias; rows alone, the head, whose share is in
// logit_scale.
MupRule mup_rule(const Param *base, const Param *wide) {
    double rows = (double)wide->rows / base->rows;
    bool hidden = wide->rows != base->rows && wide->cols != base->cols;
    return hidden ? (MupRule){base->init.sd / sqrt(rows), 1 / rows}
                  : (MupRule){base->init.sd, 1};
}

void mup_scales(Config *wide, const Config *base) {
    double before =
        base->attention_scale == 0 ? 1 / sqrt(base->head_dim) : base->attention_scale;
    wide->attention_scale = before * base->head_dim / wide->head_dim;
    wide->logit_scale = base->logit_scale * base->channels / wide->channels;
}

// ---- 6. Gradient accumulation

static int counted_targets(const MicroBatch *micro) {
    int counted = 0;
    for (int i = 0; i < micro->in.batch * micro->in.time; i++)
        counted += micro->targets[i] >= 0;
    return counted;
}

StepResult accumulate_step(Model *m, Tape *t, Optimiser *o, const MicroBatch *micro,
                           int count, double rate, double most) {
    StepResult result = {0};
    double total = 0;
    for (int k = 0; k < count; k++) total += counted_targets(&micro[k]);
    if (total == 0) return result;
    params_zero_grads(&m->params);
    for (int k = 0; k < count; k++) {
        Node *logits = model_logits(t, m, model_decode(t, m, &micro[k].in, NULL, NULL));
        Node *loss = scale(t, cross_entropy(t, logits, micro[k].targets),
                           counted_targets(&micro[k]) / total);
        result.loss += (double)*loss->value.at;
        tape_backward(t, loss);
        tape_reset(t);
    }
    result.norm = params_clip(&m->params, most > 0 ? most : INFINITY);
    optimiser_step(o, &m->params, rate);
    return result;
}
