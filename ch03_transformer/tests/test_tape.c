// The tape: sharing of gradients, memory that comes back, frozen parameters, and one
// block against its backward written out.
#include <criterion/criterion.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/activation.h"
#include "ch03_transformer/arithmetic.h"
#include "ch03_transformer/clip.h"
#include "ch03_transformer/cross_entropy.h"
#include "ch03_transformer/model.h"
#include "ch03_transformer/published.h"
#include "ch03_transformer/segment.h"
#include "ch03_transformer/tests/gradients.h"

// x is used again and again; its gradient passes through shared memory, copies and
// in-place operations.
static Node *tangle(Tape *t, void *context) {
    Params *p = context;
    Node *x = param(t, 0), *y = param(t, 1);
    Node *a = add(t, x, y), *b = silu(t, a), *c = add(t, a, b);
    Node *d = product(t, c, a), *e = add(t, d, c), *f = scale(t, e, 0.5);
    Node *g = add(t, add(t, f, f), add(t, e, layer_norm(t, e, NULL, NULL, 1e-3)));
    Node *h = add(t, g, subtract(t, g, relu(t, add(t, c, g))));
    (void)p;
    return random_loss(t, add(t, h, add(t, h, x)));
}

Test(tape, shared_gradients_are_central_differences) {
    Params p = {0};
    params_add(&p, 3, 21, normal(1), "x"), params_add(&p, 3, 21, normal(1), "y");
    params_allocate(&p), params_allocate_grads(&p);
    Rng rng = rng_new(1);
    params_init(&p, &rng);
    double error = gradient_error(&p, tangle, &p, 100);
    cr_expect(error <= gradient_tolerance(), "off by %g", error);
    params_free(&p);
}

// ---- gradients that go to a sink

enum { SUNK = 3 };
typedef struct {
    const Params *params;
    real *open[SUNK], *kept[SUNK];
    int closed[SUNK], order[SUNK], count;
} Sink;

static real *sink_open(void *of, int i) {
    Sink *s = of;
    if (!s->open[i]) s->open[i] = calloc(param_size(&s->params->list[i]), sizeof(real));
    return s->open[i];
}
static void sink_close(void *of, int i) {
    Sink *s = of;
    s->kept[i] = s->open[i], s->open[i] = NULL;
    s->closed[i]++, s->order[s->count++] = i;
}

// w three times, once turned; x twice.
static Node *through(Tape *t, Node *x, const void *context) {
    (void)context;
    return silu(t, matmul_node(t, x, param(t, 0), NULL));
}
static Node *twice(Tape *t, bool segments) {
    Node *x = add(t, param(t, 1), param(t, 1));
    Node *y = segments ? segment(t, x, through, NULL) : through(t, x, NULL);
    y = segments ? segment(t, y, through, NULL) : through(t, y, NULL);
    return random_loss(t, matmul_node(t, y, param_transposed(t, 0), NULL));
}

// The same bits as in Params.grads; each closed once, after its last use, an unused one
// at once; so also where blocks are made again in backward.
Test(tape, gradients_go_to_a_sink) {
    Params p = {0};
    params_add(&p, 5, 5, normal(1), "w"), params_add(&p, 4, 5, normal(1), "x");
    params_add(&p, 2, 2, normal(1), "unused");
    params_allocate(&p), params_allocate_grads(&p);
    Rng rng = rng_new(1);
    params_init(&p, &rng);
    for (int segments = 0; segments < 2; segments++) {
        Sink s = {.params = &p};
        Tape *plain = tape_new(&p), *t = tape_new(&p);
        params_zero_grads(&p);
        tape_backward(plain, twice(plain, segments));
        tape_grads_to(t, (GradSink){sink_open, sink_close, &s});
        for (int again = 0; again < 2; again++) {
            s = (Sink){.params = &p};
            tape_backward(t, twice(t, segments));
            cr_assert_eq(s.count, SUNK);
            cr_expect(s.order[0] == 2 && s.order[1] == 0 && s.order[2] == 1);
            cr_expect_null(s.kept[2]);
            for (int i = 0; i < 2; i++) {
                size_t bytes = param_size(&p.list[i]) * sizeof(real);
                cr_expect_eq(memcmp(s.kept[i], params_grad(&p, i).at, bytes), 0);
                free(s.kept[i]);
            }
            tape_reset(t);
        }
        tape_free(plain), tape_free(t);
    }
    params_free(&p);
}

// ---- memory

// the most matrices of gradients that are alive at once, of some 16 nodes
enum { TANGLED = 4 };
Test(tape, memory_comes_back) {
    Params p = {0};
    params_add(&p, 30, 210, normal(1), "x"), params_add(&p, 30, 210, normal(1), "y");
    params_allocate(&p), params_allocate_grads(&p);
    Tape *t = tape_new(&p);
    TapeCounts first = {0}, last = {0};
    for (int i = 0; i < 5; i++) {
        tape_backward(t, tangle(t, &p));
        last = tape_counts(t);
        if (i == 1) first = last;  // after the first round there is one chunk
        tape_reset(t);
    }
    cr_expect_eq(first.arena_bytes, last.arena_bytes);
    cr_expect_eq(first.grad_bytes, last.grad_bytes);
    cr_expect_eq(first.activation_bytes, last.activation_bytes);
    cr_expect((double)last.arena_bytes < 1.1 * (double)last.activation_bytes + 65536);
    cr_expect(tape_counts(t).activation_bytes == 0);
    cr_expect_eq(tape_counts(t).grad_bytes, last.grad_bytes,
                 "gradients keep their memory");
    cr_expect(last.grad_bytes < (TANGLED + 1) * 30 * 210 * sizeof(real),
              "%zu matrices' worth", last.grad_bytes / (30 * 210 * sizeof(real)));
    tape_reset(t);
    cr_expect_eq(tape_counts(t).grad_bytes, 0,
                 "a step that does not need it gives it back");
    tape_free(t), params_free(&p);
}

// 2 x the multiply-adds: of one product forward, of two backward; in every step.
Test(tape, operations_are_counted_on_their_side) {
    Params p = {0};
    params_add(&p, 3, 4, constant(1), "w");
    params_allocate(&p), params_allocate_grads(&p);
    Mat x = mat_new(2, 3);
    Tape *t = tape_new(&p);
    for (int i = 0; i < 2; i++) {
        tape_backward(t,
                      mean(t, matmul_node(t, variable_node(t, x), param(t, 0), NULL)));
        cr_expect_eq(tape_counts(t).flops_forward, 2 * 2 * 3 * 4);
        cr_expect_eq(tape_counts(t).flops_backward, 2 * 2 * 2 * 3 * 4);
        tape_reset(t);
    }
    tape_free(t), params_free(&p), mat_free(x);
}

// Each operation's own, forward and backward: 2 n m k a product.
Test(tape, operations_know_their_own_products) {
    Params p = {0};
    params_add(&p, 6, 5, normal(1), "x"), params_add(&p, 5, 9, normal(1), "w");
    params_allocate(&p), params_allocate_grads(&p);
    Tape *t = tape_new(&p);
    tape_profile(t, true);
    Node *y = matmul_node(t, param(t, 0), param(t, 1), NULL);
    tape_backward(t, mean(t, relu(t, y)));
    OperationTime times[64];
    for (int i = 0, n = tape_times(t, times, 64); i < n; i++)
        cr_expect_eq(times[i].flops, strcmp(times[i].name, "linear") ? 0 : 3 * 2 * 270,
                     "%s", times[i].name);
    tape_free(t), params_free(&p);
}

Test(tape, norms_of_many_numbers_and_of_nan) {
    Params p = {0};
    params_add(&p, 1, 40000, constant(0), "x");
    params_allocate(&p), params_allocate_grads(&p);
    for (int i = 0; i < 40000; i++) p.grads[i] = 1;
    cr_expect_float_eq(params_grad_norm(&p), 200, 1e-3);
    p.grads[7] = (real)NAN;
    cr_expect(isnan(params_clip(&p, 1)) && p.grads[8] == 1,
              "nothing is scaled by a NaN");
    params_zero_grads(&p);
    cr_expect_eq(params_grad_norm(&p), 0);
    params_free(&p);
}

// mean + sd x normal, both at once. 5 standard errors of a mean and of a standard
// deviation.
Test(tape, parameters_begin_as_they_say) {
    enum { N = 10000 };
    Params p = {0};
    params_add(&p, 100, 100, (Init){1, 0.25}, "both"),
        params_add(&p, 1, 3, constant(2), "constant");
    params_allocate(&p), params_init(&p, &(Rng){{1, 2, 3, 4}});
    double mean = 0, square = 0;
    for (int i = 0; i < N; i++)
        mean += (double)p.values[i] / N, square += pow((double)p.values[i] - 1, 2) / N;
    cr_expect_float_eq(mean, 1, 5 * 0.25 / sqrt(N));
    cr_expect_float_eq(sqrt(square), 0.25, 5 * 0.25 / sqrt(2 * N));
    for (int i = 0; i < 3; i++) cr_expect_eq(p.values[N + i], 2);
    params_free(&p);
}

// Two layers of one shape must not be twins; and one that is added changes none before.
Test(tape, each_parameter_has_its_own_numbers) {
    Params p = {0}, more = {0};
    for (int i = 0; i < 3; i++) params_add(&p, 10, 10, normal(1), "w%d", i);
    for (int i = 0; i < 4; i++) params_add(&more, 10, 10, normal(1), "w%d", i);
    Rng rng = rng_new(5);
    params_allocate(&p), params_init(&p, &rng);
    params_allocate(&more), params_init(&more, &rng);
    for (int i = 0; i < 100; i++) {
        cr_expect(p.values[i] != p.values[100 + i] && p.values[i] != p.values[200 + i]
                  && p.values[100 + i] != p.values[200 + i]);
        for (int k = 0; k < 3; k++)
            cr_expect_eq(p.values[100 * k + i], more.values[100 * k + i]);
    }
    params_free(&p), params_free(&more);
}

Test(tape, gradients_add_up_over_steps_and_variables_keep_theirs) {
    Params p = {0};
    params_add(&p, 1, 3, constant(2), "x");
    params_allocate(&p), params_allocate_grads(&p),
        params_init(&p, &(Rng){{1, 2, 3, 4}});
    Tape *t = tape_new(&p);
    Mat m = mat_new(1, 3);
    size_t bytes = 0;
    mat_fill(m, 5);
    for (int i = 0; i < 2; i++) {
        Node *v = variable_node(t, m), *y = product(t, param(t, 0), v);
        y->keeps_grad = true;
        tape_backward(t, mean(t, y));
        cr_expect_float_eq((double)*v->grad.at, 2.0 / 3, 1e-6);
        cr_expect_float_eq((double)*y->grad.at, 1.0 / 3, 1e-6);
        cr_expect_float_eq((double)p.grads[1], (i + 1) * 5.0 / 3, 1e-5);
        if (i == 0) bytes = tape_counts(t).grad_bytes;
        cr_expect_eq(tape_counts(t).grad_bytes, bytes,
                     "what kept its gradient gives it back");
        tape_reset(t);
    }
    Node *v = variable_node(t, m), *y = scale(t, v, 3), *z = scale(t, y, 5);
    y->keeps_grad = z->keeps_grad = true;
    tape_backward(t, mean(t, z));
    cr_expect_float_eq((double)*z->grad.at, 1.0 / 3, 1e-6,
                       "kept, though it could have been overwritten");
    cr_expect_float_eq((double)*y->grad.at, 5.0 / 3, 1e-6);
    cr_expect_float_eq((double)*v->grad.at, 5, 1e-6);
    tape_reset(t);
    tape_backward(t, mean(t, constant_node(t, m)));  // nothing to learn
    tape_reset(t);
    cr_expect_float_eq(params_grad_norm(&p), sqrt(3) * 10 / 3, 1e-5);
    cr_expect_float_eq(params_clip(&p, 2), sqrt(3) * 10 / 3, 1e-5);
    cr_expect_float_eq(params_grad_norm(&p), 2, 1e-6);
    cr_expect_float_eq(params_clip(&p, 3), 2, 1e-6);
    cr_expect_float_eq(params_grad_norm(&p), 2, 1e-6, "a smaller norm stays");
    tape_free(t), params_free(&p), mat_free(m);
}

Test(tape, frozen_parameters_have_no_gradient) {
    Config c = config_small_gpt(11, 8, 12, 2, 2);
    Model m;
    Error err;
    cr_assert(model_new(&m, &c, &err), "%s", err.text);
    int all = m.params.count;
    cr_expect_eq(params_freeze(&m.params, "", true), all);
    cr_expect_eq(params_freeze(&m.params, "block.0.attention.query", false), 2);
    Rng rng = rng_new(1);
    model_allocate(&m, &rng), params_allocate_grads(&m.params);
    cr_expect_eq(m.params.grad_size, 12 * 12 + 12);
    Tape *t = tape_new(&m.params);
    const int tokens[] = {1, 2, 3, 4}, targets[] = {2, 3, 4, 5};
    Tokens in = {1, 4, tokens, NULL, NULL, NULL, NULL};
    tape_backward(
        t, cross_entropy(t, model_logits(t, &m, model_hidden(t, &m, &in)), targets));
    cr_expect(params_grad_norm(&m.params) > 0);
    tape_free(t), model_free(&m);
}

// ---- one Pre-LN block of one head, its backward written out line by line with nothing
// but matmul

enum { TIME = 5, D = 6, HID = 9 };

typedef struct {
    Mat g1, b1, wq, wk, wv, wo, g2, b2, wu, wd, bq, bk, bv, bo, bu, bd;
} Weights;

static void layer_norm_by_hand(Mat y, Mat hat, double *inverse, Mat x, Mat gain,
                               Mat bias) {
    for (int i = 0; i < x.rows; i++) {
        double mu = 0, var = 0;
        for (int j = 0; j < x.cols; j++) mu += (double)*mat_at(x, i, j) / x.cols;
        for (int j = 0; j < x.cols; j++)
            var += pow((double)*mat_at(x, i, j) - mu, 2) / x.cols;
        inverse[i] = 1 / sqrt(var + 1e-5);
        for (int j = 0; j < x.cols; j++) {
            *mat_at(hat, i, j) = (real)(((double)*mat_at(x, i, j) - mu) * inverse[i]);
            *mat_at(y, i, j) = *mat_at(hat, i, j) * gain.at[j] + bias.at[j];
        }
    }
}

static void layer_norm_back_by_hand(Mat dx, Mat dgain, Mat dbias, Mat dy, Mat hat,
                                    const double *inverse, Mat gain) {
    for (int i = 0; i < dy.rows; i++) {
        double sum = 0, dot = 0;
        for (int j = 0; j < dy.cols; j++) {
            double g = (double)(*mat_at(dy, i, j) * gain.at[j]);
            sum += g / dy.cols, dot += g * (double)*mat_at(hat, i, j) / dy.cols;
            dgain.at[j] += *mat_at(dy, i, j) * *mat_at(hat, i, j),
                dbias.at[j] += *mat_at(dy, i, j);
        }
        for (int j = 0; j < dy.cols; j++)
            *mat_at(dx, i, j) += (real)(inverse[i]
                                        * ((double)(*mat_at(dy, i, j) * gain.at[j])
                                           - sum - (double)*mat_at(hat, i, j) * dot));
    }
}

static void add_rows_of(Mat to, Mat bias) {
    for (int i = 0; i < to.rows; i++)
        for (int j = 0; j < to.cols; j++) *mat_at(to, i, j) += bias.at[j];
}

static void sum_rows(Mat to, Mat from) {
    for (int i = 0; i < from.rows; i++)
        for (int j = 0; j < from.cols; j++) to.at[j] += *mat_at(from, i, j);
}

static void plus(Mat to, Mat from) {
    for (int i = 0; i < to.rows; i++)
        for (int j = 0; j < to.cols; j++) *mat_at(to, i, j) += *mat_at(from, i, j);
}

static Mat scratched[32];
static int scratches;
static Mat scratch(int rows, int cols) {
    return scratched[scratches++] = mat_new(rows, cols);
}

// y = block(x); given dy, fills dx and d.
static void block_by_hand(Mat y, Mat dx, Weights d, Mat dy, Mat x, Weights w) {
    double i1[TIME], i2[TIME], s = 1 / sqrt(D);
    Mat n1 = scratch(TIME, D), h1 = scratch(TIME, D), q = scratch(TIME, D),
        k = scratch(TIME, D), v = scratch(TIME, D);
    Mat p = scratch(TIME, TIME), o = scratch(TIME, D), x2 = scratch(TIME, D),
        n2 = scratch(TIME, D), h2 = scratch(TIME, D);
    Mat u = scratch(TIME, HID), r = scratch(TIME, HID);
    layer_norm_by_hand(n1, h1, i1, x, w.g1, w.b1);
    matmul(q, n1, w.wq), add_rows_of(q, w.bq);
    matmul(k, n1, w.wk), add_rows_of(k, w.bk);
    matmul(v, n1, w.wv), add_rows_of(v, w.bv);
    matmul(p, q, mat_transpose(k));
    for (int i = 0; i < TIME; i++) {
        double sum = 0;
        for (int j = 0; j <= i; j++) sum += exp(s * (double)*mat_at(p, i, j));
        for (int j = 0; j < TIME; j++)
            *mat_at(p, i, j) =
                j > i ? 0 : (real)(exp(s * (double)*mat_at(p, i, j)) / sum);
    }
    matmul(o, p, v);
    matmul(x2, o, w.wo), add_rows_of(x2, w.bo), plus(x2, x);
    layer_norm_by_hand(n2, h2, i2, x2, w.g2, w.b2);
    matmul(u, n2, w.wu), add_rows_of(u, w.bu);
    for (int i = 0; i < TIME * HID; i++) r.at[i] = u.at[i] > 0 ? u.at[i] : 0;
    matmul(y, r, w.wd), add_rows_of(y, w.bd), plus(y, x2);
    // and back
    Mat dr = scratch(TIME, HID), dn2 = scratch(TIME, D), dx2 = scratch(TIME, D),
        dout = scratch(TIME, D), dp = scratch(TIME, TIME);
    Mat dq = scratch(TIME, D), dk = scratch(TIME, D), dv = scratch(TIME, D),
        dn1 = scratch(TIME, D);
    plus(dx2, dy);
    matmul(dr, dy, mat_transpose(w.wd)), matmul(d.wd, mat_transpose(r), dy),
        sum_rows(d.bd, dy);
    for (int i = 0; i < TIME * HID; i++) dr.at[i] *= u.at[i] > 0;
    matmul(dn2, dr, mat_transpose(w.wu)), matmul(d.wu, mat_transpose(n2), dr),
        sum_rows(d.bu, dr);
    layer_norm_back_by_hand(dx2, d.g2, d.b2, dn2, h2, i2, w.g2);
    plus(dx, dx2);
    matmul(dout, dx2, mat_transpose(w.wo)), matmul(d.wo, mat_transpose(o), dx2),
        sum_rows(d.bo, dx2);
    matmul(dp, dout, mat_transpose(v)), matmul(dv, mat_transpose(p), dout);
    for (int i = 0; i < TIME; i++) {
        double dot = 0;
        for (int j = 0; j < TIME; j++)
            dot += (double)(*mat_at(dp, i, j) * *mat_at(p, i, j));
        for (int j = 0; j < TIME; j++)
            *mat_at(dp, i, j) = (real)(s * (double)*mat_at(p, i, j)
                                       * ((double)*mat_at(dp, i, j) - dot));
    }
    matmul(dq, dp, k), matmul(dk, mat_transpose(dp), q);
    matmul(dn1, dq, mat_transpose(w.wq)), matmul(d.wq, mat_transpose(n1), dq),
        sum_rows(d.bq, dq);
    matmul_add(dn1, dk, mat_transpose(w.wk)), matmul(d.wk, mat_transpose(n1), dk),
        sum_rows(d.bk, dk);
    matmul_add(dn1, dv, mat_transpose(w.wv)), matmul(d.wv, mat_transpose(n1), dv),
        sum_rows(d.bv, dv);
    layer_norm_back_by_hand(dx, d.g1, d.b1, dn1, h1, i1, w.g1);
}

static Weights weights_of(const Params *p, Mat (*of)(const Params *, int)) {
    // the order of block_new's parameters
    Mat m[16];
    for (int i = 0; i < 16; i++) m[i] = of(p, i);
    return (Weights){.g1 = m[0],
                     .b1 = m[1],
                     .wq = m[2],
                     .bq = m[3],
                     .wk = m[4],
                     .bk = m[5],
                     .wv = m[6],
                     .bv = m[7],
                     .wo = m[8],
                     .bo = m[9],
                     .g2 = m[10],
                     .b2 = m[11],
                     .wu = m[12],
                     .bu = m[13],
                     .wd = m[14],
                     .bd = m[15]};
}

Test(tape, one_block_is_its_hand_written_backward) {
    Params p = {0}, hand = {0};
    Block b = {0};
    AttentionShape a = {D,    D,    1,           1,           D,          0,
                        true, true, normal(0.5), normal(0.5), normal(0.5)};
    BlockShape shape = {.place = PLACE_PRE,
                        .norm = NORM_LAYER,
                        .norm_bias = true,
                        .epsilon = 1e-5,
                        .attention = a,
                        .ffn = FFN_RELU,
                        .hidden = HID,
                        .ffn_bias = true,
                        .init_ffn = normal(0.5),
                        .init_ffn_down = normal(0.5)};
    b = block_new(&p, &shape, "b"), block_new(&hand, &shape, "b");
    cr_assert_eq(p.count, 16);
    for (int i = 0; i < p.count; i++) p.list[i].init.sd = 0.5;  // biases and gains, too
    params_allocate(&p), params_allocate_grads(&p), params_allocate(&hand),
        params_allocate_grads(&hand);
    Rng rng = rng_new(4);
    params_init(&p, &rng);
    memcpy(hand.values, p.values, p.size * sizeof(real));
    Mat x = random_mat(&rng, TIME, D, 1), dy = random_mat(&rng, TIME, D, 1),
        y = scratch(TIME, D), dx = scratch(TIME, D);
    Tape *t = tape_new(&p);
    Node *in = variable_node(t, x);
    Surroundings s = {.batch = 1, .mask = {.causal = true}};
    Node *out = block(t, &b, in, &s);
    tape_backward_from(t, out, dy);
    block_by_hand(y, dx, weights_of(&hand, params_grad), dy, x,
                  weights_of(&hand, params_value));
    // sums of some 50 terms of size 1 to 10
    double tolerance = sizeof(real) == 8 ? 1e-13 : 2e-5;
    cr_expect(largest_difference(out->value, y) < tolerance);
    cr_expect(largest_difference(in->grad, dx) < tolerance);
    for (int i = 0; i < p.count; i++) {
        double d = largest_difference(params_grad(&p, i), params_grad(&hand, i));
        cr_expect(d < tolerance, "%s: %g", p.list[i].name, d);
    }
    while (scratches) mat_free(scratched[--scratches]);
    mat_free(x), mat_free(dy), tape_free(t), params_free(&p), params_free(&hand);
}

// In double precision its bytes pass 2^64: counted without care they would be fewer.
Test(tape, more_bytes_than_can_be_counted, .exit_code = 2) {
    Params p = {0};
    tape_mat(tape_new(&p), INT_MAX, INT_MAX);
}
