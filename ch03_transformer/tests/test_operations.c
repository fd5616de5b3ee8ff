// Every operation against central differences, and its value against the definition.
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/activation.h"
#include "ch03_transformer/arithmetic.h"
#include "ch03_transformer/attend.h"
#include "ch03_transformer/batch_norm.h"
#include "ch03_transformer/cross_entropy.h"
#include "ch03_transformer/dropout.h"
#include "ch03_transformer/embedding.h"
#include "ch03_transformer/head_loss.h"
#include "ch03_transformer/norm.h"
#include "ch03_transformer/tests/gradients.h"
#include "common/numeric/threads.h"

// 37 columns: whole vectors and a rest, at every width.
enum { ROWS = 6, COLS = 37, OUT = 9 };

typedef struct {
    Params p;
    int x, y, row, row2, w, slopes;
} Inputs;

static Inputs inputs_new(void) {
    Inputs in = {0};
    in.x = params_add(&in.p, ROWS, COLS, normal(1), "x");
    in.y = params_add(&in.p, ROWS, COLS, normal(1), "y");
    in.row = params_add(&in.p, 1, COLS, normal(1), "row");
    in.row2 = params_add(&in.p, 1, COLS, normal(1), "row2");
    in.w = params_add(&in.p, COLS, OUT, normal(0.3), "w");
    in.slopes = params_add(&in.p, 1, 4, normal(0.3), "slopes");
    params_allocate(&in.p), params_allocate_grads(&in.p);
    Rng rng = rng_new(3);
    params_init(&in.p, &rng);
    return in;
}

#define X param(t, in->x)
#define Y param(t, in->y)
#define ROW param(t, in->row)
#define ROW2 param(t, in->row2)
#define OPERATION(name, expression) \
    static Node *build_##name(Tape *t, void *context) { \
        const Inputs *in = context; \
        (void)in; \
        return random_loss(t, expression); \
    }

static const int ids[] = {3, 0, 3, 5}, targets[] = {4, IGNORED, 36, 0, 17, IGNORED};
static const int places[] = {3, 0, 3, 4, 0, 3};
static const int lengths[] = {2, 3};

static Node *heads_of(Tape *t, const Inputs *in, Position *position, Mask mask,
                      int n_heads, int n_kv_heads, bool cross) {
    // q: 2 x 3 rows of 12 channels, cut from x; k and v from other places; key-value
    // heads are narrower.
    int narrow = 12 / n_heads * n_kv_heads;
    Rng rng = rng_new(5);
    Mat m[3] = {tape_mat(t, COLS, 12), tape_mat(t, COLS, narrow),
                tape_mat(t, COLS, narrow)};
    for (int i = 0; i < 3; i++) rng_fill_normal(&rng, m[i], 0.3);
    Node *context = cross ? concat_rows(t, Y, slice_rows(t, X, 1, 2)) : Y;
    Node *q = matmul_node(t, X, constant_node(t, m[0]), NULL),
         *k = matmul_node(t, context, constant_node(t, m[1]), NULL);
    Node *v = matmul_node(t, context, constant_node(t, m[2]), NULL);
    Heads heads = {2,    n_heads, n_kv_heads, attention_scale(12 / n_heads),
                   mask, position};
    return attend(
        t, q, k, v,
        position && position->kind == POSITION_ALIBI ? param(t, in->slopes) : NULL,
        &heads);
}

static Node *attend_rope(Tape *t, const Inputs *in) {
    static Position rope;
    if (!rope.query.cosine.at)
        rope = position_new_rope((Rope){.dim = 6, .base = 100}, 8);
    return heads_of(t, in, &rope, (Mask){.causal = true}, 2, 1, false);
}

static Node *attend_alibi(Tape *t, const Inputs *in) {
    static Position alibi;
    alibi = position_new_alibi(4, params_value(&in->p, in->slopes));
    return heads_of(t, in, &alibi, (Mask){.causal = true, .key_lengths = lengths}, 4, 2,
                    false);
}

// Nothing learns but the slopes.
static Node *attend_only_slopes(Tape *t, const Inputs *in) {
    static Position alibi;
    alibi = position_new_alibi(4, params_value(&in->p, in->slopes));
    Mat m = tape_mat(t, 6, 12);
    rng_fill_normal(&(Rng){{1, 2, 3, 4}}, m, 1);
    Node *x = constant_node(t, m);
    Heads heads = {2, 4, 4, 1, {.causal = true}, &alibi};
    return attend(t, x, x, x, param(t, in->slopes), &heads);
}

static Node *scaled_twice(Tape *t, const Inputs *in) {
    Node *factors = matmul_node(t, X, param_transposed(t, in->row), NULL);
    return scale_rows(t, scale_rows(t, add(t, X, Y), factors), factors);
}

// More rows than the 32 blocks of a sum over rows; more columns than a stripe of 64;
// and only a bias that learns.
static Node *tall(Tape *t, const Inputs *in) {
    Node *both = concat_rows(t, X, Y),
         *four = concat_rows(t, both, product(t, both, both));
    return concat_rows(t, four, concat_rows(t, four, both));
}

static Node *wide(Tape *t, const Inputs *in) {
    Mat m = tape_mat(t, COLS, 150);
    rng_fill_normal(&(Rng){{1, 2, 3, 4}}, m, 0.3);
    return matmul_node(t, X, constant_node(t, m), NULL);
}

static Node *only_bias(Tape *t, const Inputs *in) {
    Mat x = tape_mat(t, 3, 2), w = tape_mat(t, 2, COLS);
    mat_fill(x, 1), mat_fill(w, 2);
    Node *y = matmul_node(t, constant_node(t, x), constant_node(t, w), ROW);
    return product(t, y, y);
}

OPERATION(linear, matmul_node(t, X, param(t, in->w), NULL))
OPERATION(linear_bias, matmul_node(t, param_transposed(t, in->x), Y, ROW))
OPERATION(linear_tall,
          matmul_node(t, tall(t, in), param_transposed(t, in->x),
                      matmul_node(t, ROW, param_transposed(t, in->x), NULL)))
OPERATION(linear_only_bias, only_bias(t, in))
OPERATION(linear_tied, matmul_node(t, matmul_node(t, X, param(t, in->w), NULL),
                                   param_transposed(t, in->w), ROW))
OPERATION(add, add(t, X, Y))
OPERATION(add_same, add(t, product(t, X, Y), add(t, X, X)))
OPERATION(subtract, subtract(t, product(t, X, X), subtract(t, Y, X)))
OPERATION(scale, scale(t, scale(t, X, -1.7), 0.6))
OPERATION(product, product(t, X, Y))
OPERATION(square, product(t, X, X))
OPERATION(add_bias, add_bias(t, X, ROW))
OPERATION(add_bias_tall, add_bias(t, tall(t, in), ROW))
OPERATION(mean, product(t, mean(t, X), mean(t, Y)))
OPERATION(slice, product(t, slice_rows(t, X, 1, 3), slice_rows(t, X, 2, 3)))
OPERATION(concat, product(t, concat_rows(t, X, Y), concat_rows(t, Y, Y)))
OPERATION(gather_rows, gather_rows(t, X, ids, 4))
OPERATION(scatter_rows, scatter_rows(t, add(t, X, Y), places, 5))
OPERATION(scatter_twice, product(t, scatter_rows(t, X, places, 5),
                                 scatter_rows(t, product(t, X, Y), places, 5)))
OPERATION(gather_wide, gather_rows(t, wide(t, in), ids, 4))
OPERATION(scatter_wide, scatter_rows(t, wide(t, in), places, 5))
OPERATION(scale_rows,
          scale_rows(t, X, matmul_node(t, Y, param_transposed(t, in->row), NULL)))
OPERATION(scale_rows_twice, scaled_twice(t, in))
OPERATION(softmax, softmax_rows(t, product(t, X, Y)))
OPERATION(softmax_add, add(t, X, product(t, X, softmax_rows(t, X))))
OPERATION(cross_entropy, cross_entropy(t, product(t, X, Y), targets))
// Its input's gradient is written, or added to; targets below OUT columns.
static const int few[] = {4, IGNORED, 8, 0, 7, IGNORED};
OPERATION(head_loss, linear_cross_entropy(t, X, param(t, in->w), NULL, few))
static Node *head_loss_added(Tape *t, const Inputs *in) {
    Node *w = param_transposed(t, in->y), *x = matmul_node(t, X, w, NULL);
    Node *bias = slice_rows(t, x, 0, 1), *narrow = param_transposed(t, in->w);
    Node *logits = matmul_node(t, X, param(t, in->w), NULL);
    return add(t, linear_cross_entropy(t, logits, narrow, ROW, targets),
               add(t, linear_cross_entropy(t, x, Y, NULL, targets),
                   mean(t, add_bias(t, x, bias))));
}
OPERATION(head_loss_added, head_loss_added(t, in))
OPERATION(log_probs,
          product(t, token_log_probs(t, X, targets), token_log_probs(t, Y, targets)))
OPERATION(layer_norm, layer_norm(t, X, ROW, ROW2, 1e-5))
OPERATION(layer_norm_in_place, layer_norm(t, add(t, X, Y), ROW, ROW2, 0.1))
OPERATION(layer_norm_plain, layer_norm(t, X, NULL, NULL, 1e-5))
OPERATION(layer_norm_tall, layer_norm(t, tall(t, in), ROW, ROW2, 1e-5))
OPERATION(rms_norm_tall, rms_norm(t, tall(t, in), ROW, 1e-5))
OPERATION(rms_norm, rms_norm(t, X, ROW, 1e-5))
OPERATION(rms_norm_in_place,
          rms_norm(t, rms_norm(t, add(t, X, Y), NULL, 1e-5), ROW, 0.1))
OPERATION(batch_norm, batch_norm(t, X, ROW, ROW2, 1e-5))
// x's gradient in the place of the result's, and added to it
OPERATION(silu_gated, activation_kinds[ACTIVATION_SILU].gated(t, X, Y))
OPERATION(tanh_gated, activation_kinds[ACTIVATION_TANH].gated(t, X, X))
OPERATION(gelu_gated, activation_kinds[ACTIVATION_GELU].gated(t, add(t, X, Y), X))
OPERATION(relu, relu(t, X))
OPERATION(gelu, gelu(t, add(t, X, X)))
OPERATION(gelu_tanh, gelu_tanh(t, add(t, X, X)))
OPERATION(silu, silu(t, add(t, X, X)))
OPERATION(tanh, tanh_node(t, X))
OPERATION(log_sigmoid, log_sigmoid(t, scale(t, X, 3)))
OPERATION(dropout_param, (tape_training(t, true, 11), dropout(t, X, 0.4)))
OPERATION(dropout, (tape_training(t, true, 11), dropout(t, product(t, X, Y), 0.4)))
OPERATION(attend_full, heads_of(t, in, NULL, (Mask){0}, 3, 1, false))
OPERATION(attend_cross,
          heads_of(t, in, NULL, (Mask){.key_lengths = lengths}, 2, 2, true))
OPERATION(attend_window,
          heads_of(t, in, NULL, (Mask){.causal = true, .window = 2}, 1, 1, false))
OPERATION(attend_rope, attend_rope(t, in))
OPERATION(attend_alibi, attend_alibi(t, in))
OPERATION(attend_only_slopes, attend_only_slopes(t, in))

#define ROW_OF(name) \
    { #name, build_##name }
static const struct {
    const char *name;
    BuildLoss *build;
} operations[] = {ROW_OF(linear),
                  ROW_OF(linear_bias),
                  ROW_OF(linear_tied),
                  ROW_OF(linear_tall),
                  ROW_OF(linear_only_bias),
                  ROW_OF(add_bias_tall),
                  ROW_OF(add),
                  ROW_OF(add_same),
                  ROW_OF(subtract),
                  ROW_OF(scale),
                  ROW_OF(product),
                  ROW_OF(square),
                  ROW_OF(add_bias),
                  ROW_OF(mean),
                  ROW_OF(slice),
                  ROW_OF(concat),
                  ROW_OF(gather_rows),
                  ROW_OF(scatter_rows),
                  ROW_OF(scatter_twice),
                  ROW_OF(gather_wide),
                  ROW_OF(scatter_wide),
                  ROW_OF(scale_rows),
                  ROW_OF(scale_rows_twice),
                  ROW_OF(softmax),
                  ROW_OF(softmax_add),
                  ROW_OF(cross_entropy),
                  ROW_OF(head_loss),
                  ROW_OF(head_loss_added),
                  ROW_OF(log_probs),
                  ROW_OF(layer_norm),
                  ROW_OF(layer_norm_in_place),
                  ROW_OF(layer_norm_plain),
                  ROW_OF(rms_norm),
                  ROW_OF(rms_norm_in_place),
                  ROW_OF(layer_norm_tall),
                  ROW_OF(rms_norm_tall),
                  ROW_OF(batch_norm),
                  ROW_OF(silu_gated),
                  ROW_OF(tanh_gated),
                  ROW_OF(gelu_gated),
                  ROW_OF(relu),
                  ROW_OF(gelu),
                  ROW_OF(gelu_tanh),
                  ROW_OF(silu),
                  ROW_OF(tanh),
                  ROW_OF(log_sigmoid),
                  ROW_OF(dropout),
                  ROW_OF(dropout_param),
                  ROW_OF(attend_full),
                  ROW_OF(attend_cross),
                  ROW_OF(attend_window),
                  ROW_OF(attend_rope),
                  ROW_OF(attend_alibi),
                  ROW_OF(attend_only_slopes)};

Test(operations, gradients_are_central_differences) {
    Inputs in = inputs_new();
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        double error = gradient_error(&in.p, operations[i].build, &in, 400);
        cr_expect(error <= gradient_tolerance(), "%s: off by %g", operations[i].name,
                  error);
    }
    params_free(&in.p);
}

// ---- values

static Node *one_row(Tape *t, const real *x, int n) {
    Mat m = tape_mat(t, 1, n);
    memcpy(m.at, x, (size_t)n * sizeof *x);
    return variable_node(t, m);
}

Test(operations, activations_are_their_definitions) {
    Tape *t = tape_new(NULL);
    enum { N = 2001 };
    real x[N];
    for (int i = 0; i < N; i++) x[i] = (real)(0.01 * (i - N / 2));
    Node *in = one_row(t, x, N);
    Mat y[] = {relu(t, in)->value, gelu(t, in)->value, gelu_tanh(t, in)->value,
               silu(t, in)->value, log_sigmoid(t, in)->value};
    // of numbers up to 10: a few ulps of 5e-7
    double tolerance = sizeof(real) == 8 ? 1e-14 : 2e-6;
    for (int i = 0; i < N; i++) {
        double v = (double)x[i], u = sqrt(2 / M_PI) * (v + 0.044715 * v * v * v);
        double expected[] = {v > 0 ? v : 0, v * 0.5 * erfc(-v * M_SQRT1_2),
                             v / 2 * (1 + tanh(u)), v / (1 + exp(-v)), -log1p(exp(-v))};
        for (int k = 0; k < 5; k++)
            cr_expect(fabs((double)y[k].at[i] - expected[k]) <= tolerance,
                      "activation %d at %g: %g, not %g", k, v, (double)y[k].at[i],
                      expected[k]);
    }
    tape_free(t);
}

// At 0, where ReLU has no derivative, it is taken to be 0.
Test(operations, relu_at_zero) {
    Tape *t = tape_new(NULL);
    const real x[] = {-1, -0.0f, 0, 1};
    Node *in = one_row(t, x, 4);
    tape_backward(t, mean(t, relu(t, in)));
    for (int i = 0; i < 4; i++) cr_expect_eq(in->grad.at[i], i == 3 ? (real)0.25 : 0);
    tape_free(t);
}

// Every sequence of a batch has the positions from 0.
Test(operations, positions_begin_in_every_sequence) {
    Tape *t = tape_new(NULL);
    Mat x = mat_new(6, 4);
    Position p = position_new_sinusoidal(4, 5);
    Mat y = add_positions(t, constant_node(t, x), &p, 2)->value;
    for (int i = 0; i < 6; i++) {
        cr_expect_float_eq((double)*mat_at(y, i, 0), sin(i % 3), 1e-6);
        cr_expect_float_eq((double)*mat_at(y, i, 3), cos(i % 3 / 100.0), 1e-6);
    }
    mat_free(x), position_free(&p), tape_free(t);
}

Test(operations, extremes_stay_finite) {
    Tape *t = tape_new(NULL);
    const real x[] = {-1e30f, -1e4f, -100, -0.0f, 0, 100, 1e4f, 1e30f};
    Node *in = one_row(t, x, 8);
    Node *y[] = {gelu(t, in), silu(t, in), tanh_node(t, in), log_sigmoid(t, in),
                 relu(t, in)};
    for (int k = 0; k < 5; k++)
        for (int i = 0; i < 8; i++)
            cr_expect(isfinite((double)y[k]->value.at[i]), "activation %d at %g", k,
                      (double)x[i]);
    const int target[] = {0};
    Node *loss = cross_entropy(t, one_row(t, x, 8), target);
    cr_expect(isfinite((double)*loss->value.at));
    tape_free(t);
}

Test(operations, cross_entropy_ignores) {
    Rng rng = rng_new(1);
    Mat l = random_mat(&rng, 4, 5, 2);
    Tape *t = tape_new(NULL);
    const int none[] = {-1, -1, -100, -1}, some[] = {-1, 2, -1, 0};
    Node *logits = variable_node(t, l);
    logits->keeps_grad = true;
    Node *loss = cross_entropy(t, logits, none);
    cr_expect(*loss->value.at == 0);
    tape_backward(t, loss);
    for (int i = 0; i < 20; i++) cr_expect(logits->grad.at[i] == 0);
    // in memory that held other gradients, what is ignored has none either
    const int all[] = {1, 2, 3, 0};
    for (int step = 0; step < 2; step++) {
        tape_reset(t);
        logits = variable_node(t, l);
        logits->keeps_grad = true;
        loss = cross_entropy(t, logits, step ? some : all);
        tape_backward(t, loss);
    }
    for (int i = 0; i < 20; i++)
        cr_expect((logits->grad.at[i] == 0) == (some[i / 5] < 0));
    tape_reset(t);
    loss = cross_entropy(t, variable_node(t, l), some);
    double expected = 0;
    for (int i = 1; i < 4; i += 2) {
        double sum = 0;
        for (int j = 0; j < 5; j++) sum += exp((double)*mat_at(l, i, j));
        expected += (log(sum) - (double)*mat_at(l, i, some[i])) / 2;
    }
    cr_expect_float_eq((double)*loss->value.at, expected,
                       sizeof(real) == 8 ? 1e-14 : 1e-6);
    tape_free(t), mat_free(l);
}

// Value, gradients and counts of the one operation against those of the two that it
// stands for; the same bits for three threads.
typedef struct {
    double loss, flops;
    size_t bytes;
    Mat grads[3];
} HeadLoss;

static HeadLoss head_loss_of(Params *p, const int *words, bool together, int threads) {
    threads_set(threads);
    Tape *t = tape_new(p);
    params_zero_grads(p);
    Node *x = param(t, 0), *w = param(t, 1), *bias = param(t, 2);
    Node *loss = together ? linear_cross_entropy(t, x, w, bias, words)
                          : cross_entropy(t, matmul_node(t, x, w, bias), words);
    HeadLoss h = {.loss = (double)*loss->value.at,
                  .bytes = tape_counts(t).activation_bytes};
    tape_backward(t, scale(t, loss, 3));
    TapeCounts counts = tape_counts(t);
    h.flops = counts.flops_forward + counts.flops_backward;
    for (int i = 0; i < 3; i++) {
        Mat grad = params_grad(p, i);
        h.grads[i] = mat_new(grad.rows, grad.cols);
        mat_copy(h.grads[i], grad);
    }
    tape_free(t);
    return h;
}

// `above`: by how much the second block's logits are above the first's.
static void check_head_loss(real above) {
    enum { TOKENS = 150, WIDTH = 24, WORDS = 1100 };
    Params p = {0};
    params_add(&p, TOKENS, WIDTH, normal(1), "x");
    params_add(&p, WIDTH, WORDS, normal(1), "w");
    params_add(&p, 1, WORDS, normal(3), "bias");
    params_allocate(&p), params_allocate_grads(&p);
    Rng rng = rng_new(1);
    params_init(&p, &rng);
    for (int j = 1024; j < WORDS; j++) params_value(&p, 2).at[j] += above;
    int words[TOKENS];
    for (int i = 0; i < TOKENS; i++)
        words[i] = i % 7 ? rng_below(&rng, WORDS) : IGNORED;
    const int before = threads_set(1);
    HeadLoss plain = head_loss_of(&p, words, false, 1),
             one = head_loss_of(&p, words, true, 1),
             three = head_loss_of(&p, words, true, 3);
    threads_set(before);
    // a logit's rounding grows with it, and is p's relative error
    const double eps =
        (sizeof(real) == 8 ? 0x1p-52 : 0x1p-23) * (1 + fabs((double)above));
    cr_expect_float_eq(one.loss, plain.loss, 8 * eps * plain.loss);
    cr_expect(one.loss == three.loss);
    // beside E and its sums a factor of each row in each of two blocks of columns
    cr_expect(one.flops == plain.flops);
    cr_expect(one.bytes == plain.bytes + 2 * TOKENS * sizeof(real));
    for (int i = 0; i < 3; i++) {
        const Mat zero = mat_new(plain.grads[i].rows, plain.grads[i].cols);
        const double size = largest_difference(plain.grads[i], zero);
        cr_expect(size > 0);
        cr_expect(largest_difference(one.grads[i], plain.grads[i]) < 50 * eps * size);
        cr_expect(largest_difference(one.grads[i], three.grads[i]) == 0);
        mat_free(zero);
        mat_free(plain.grads[i]), mat_free(one.grads[i]), mat_free(three.grads[i]);
    }
    params_free(&p);
}

Test(operations, head_loss_is_that_of_the_plain_ones) { check_head_loss(0); }

// Then a block's sum or its factor is beyond what a float holds, and most targets are in it.
Test(operations, head_loss_of_blocks_that_lie_far_apart) {
    check_head_loss(300), check_head_loss(-300);
}

// Nobody is a target: the loss is 0, and so is every gradient, whatever the logits.
Test(operations, head_loss_ignores) {
    Tape *t = tape_new(NULL);
    Rng rng = rng_new(1);
    Mat x = random_mat(&rng, 2, 3, 1), w = random_mat(&rng, 3, 4, 1);
    *mat_at(x, 1, 0) = NAN;
    const int none[] = {IGNORED, IGNORED}, first[] = {2, IGNORED};
    Node *v = variable_node(t, x), *of_w = variable_node(t, w);
    v->keeps_grad = of_w->keeps_grad = true;
    Node *loss = linear_cross_entropy(t, v, of_w, NULL, none);
    cr_expect(*loss->value.at == 0);
    tape_backward(t, loss);
    for (int i = 0; i < 6; i++) cr_expect(v->grad.at[i] == 0);
    tape_reset(t);
    loss =
        linear_cross_entropy(t, variable_node(t, x), variable_node(t, w), NULL, first);
    cr_expect(*loss->value.at > 0 && isfinite((double)*loss->value.at));
    tape_free(t), mat_free(x), mat_free(w);
}

// Rows far from 0: the mean of squares less the mean's square would keep no digit of a
// variance of 1 beside 10^7.
Test(operations, a_large_mean_costs_no_digits) {
    enum { N = 40 };
    Mat x = mat_new(1, N);
    for (int j = 0; j < N; j++) x.at[j] = 3000 + (j % 2 ? 1 : -1);
    Tape *t = tape_new(NULL);
    Node *y = layer_norm(t, constant_node(t, x), NULL, NULL, 1e-5);
    for (int j = 0; j < N; j++)
        cr_expect_float_eq((double)y->value.at[j], j % 2 ? 1 : -1, 1e-3);
    tape_free(t), mat_free(x);
}

// The one that divides by d - 1 is another function: 1 / (d - 1) is not within rounding
// of 1 / d.
Test(operations, variance_is_biased) {
    Tape *t = tape_new(NULL);
    const real x[] = {1, 2, 4, 9};
    Mat y = layer_norm(t, one_row(t, x, 4), NULL, NULL, 0.5)->value;
    double squares = 9 + 4 + 0 + 25, biased = (9 - 4) / sqrt(squares / 4 + 0.5),
           unbiased = (9 - 4) / sqrt(squares / 3 + 0.5);
    cr_expect_float_eq((double)y.at[3], biased, 1e-6);
    cr_expect(fabs((double)y.at[3] - unbiased) > 0.1);
    const real centred[] = {-3, -2, 0, 5};
    double rms = 5 / sqrt(squares / 4 + 0.5);
    cr_expect_float_eq(
        (double)rms_norm(t, one_row(t, centred, 4), NULL, 0.5)->value.at[3], rms, 1e-6);
    tape_free(t);
}

Test(operations, dropout_drops_the_rate_and_keeps_the_mean) {
    Tape *t = tape_new(NULL);
    enum { N = 200 };
    Mat ones = mat_new(N, N), one = mat_new(1, 1);
    mat_fill(ones, 1);
    Node *x = variable_node(t, ones);
    cr_expect(dropout(t, x, 0.3) == x, "not training: nothing to do");
    tape_training(t, true, 5);
    cr_expect(dropout(t, x, 0) == x);
    Node *y = dropout(t, x, 0.3), *again = dropout(t, x, 0.3);
    double dropped = 0, same = 0, neighbours = 0, below = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            bool out = *mat_at(y->value, i, j) == 0;
            dropped += out, same += out == (*mat_at(again->value, i, j) == 0);
            neighbours += j && out && *mat_at(y->value, i, j - 1) == 0;
            below += i && out && *mat_at(y->value, i - 1, j) == 0;
            if (!out)
                cr_expect_float_eq((double)*mat_at(y->value, i, j), 1 / 0.7, 1e-6);
        }
    double n = N * N, sd = sqrt(0.3 * 0.7 / n);
    cr_expect(fabs(dropped / n - 0.3) < 5 * sd, "%g", dropped / n);
    cr_expect(fabs(same / n - 0.58) < 5 * sqrt(0.58 * 0.42 / n),
              "two draws are independent: %g", same / n);
    cr_expect(fabs(neighbours / n - 0.09) < 5 * sqrt(0.09 / n)
              && fabs(below / n - 0.09) < 5 * sqrt(0.09 / n));
    tape_training(t, true, 5);
    cr_expect(
        memcmp(dropout(t, x, 0.3)->value.at, y->value.at, (size_t)N * N * sizeof(real))
            == 0,
        "the same seed");
    tape_training(t, true, 6);
    cr_expect(
        memcmp(dropout(t, x, 0.3)->value.at, y->value.at, (size_t)N * N * sizeof(real))
            != 0,
        "another seed");
    tape_training(t, false, 5);
    cr_expect(dropout(t, x, 0.3) == x, "not training any more");
    mat_free(ones), mat_free(one), tape_free(t);
}

// The counter against mask_sees, pair by pair: causal, a window, padding, a table; as
// many queries as keys and fewer.
Test(operations, attention_counts_the_pairs_that_are_seen) {
    enum { BATCH = 2, KEYS = 7, WIDE = 3 * 2 };
    unsigned char allowed[BATCH * KEYS * KEYS];
    const int ends[BATCH] = {4, 7};
    for (int i = 0; i < BATCH * KEYS * KEYS; i++) allowed[i] = i * 7 % 5 < 2;
    const Mask masks[] = {{0},
                          {.causal = true},
                          {.window = 2},
                          {.causal = true, .window = 3},
                          {.key_lengths = ends},
                          {.causal = true, .key_lengths = ends},
                          {.allowed = allowed, .allowed_step = KEYS * KEYS},
                          {.causal = true, .allowed = allowed}};
    for (size_t k = 0; k < sizeof masks / sizeof *masks; k++)
        for (int time = KEYS; time > 0; time -= 3) {
            Heads heads = {BATCH, 3, 3, 1, masks[k], NULL};
            int seen = 0;
            for (int b = 0; b < BATCH; b++) {
                Mask mask = mask_of_sequence(&masks[k], b);
                for (int i = 0; i < time; i++)
                    for (int j = 0; j < KEYS; j++)
                        seen += mask_sees(&mask, time, KEYS, i, j);
            }
            cr_expect_eq(attend_flops(&heads, BATCH * time, BATCH * KEYS, WIDE),
                         2.0 * seen * WIDE, "mask %zu, T = %d", k, time);
        }
}

Test(operations, attention_map_has_rows_of_sum_one) {
    Rng rng = rng_new(2);
    Tape *t = tape_new(NULL);
    Mat q = random_mat(&rng, 2 * 5, 8, 1), map = mat_new(5, 5);
    Node *x = variable_node(t, q);
    Heads heads = {2, 2, 2, 1, {.causal = true}, NULL};
    Node *y = attend(t, x, x, x, NULL, &heads);
    // times the values of that sequence and head: what attention gave
    attend_map(map, y, 1, 0);
    Mat head = mat_new(5, 4);
    matmul(head, map, mat_cols(mat_rows(q, 5, 5), 0, 4));
    cr_expect(largest_difference(head, mat_cols(mat_rows(y->value, 5, 5), 0, 4))
              < 1e-5);
    mat_free(head);
    attend_map(map, y, 1, 1);
    for (int i = 0; i < 5; i++) {
        double sum = 0;
        for (int j = 0; j < 5; j++) sum += (double)*mat_at(map, i, j);
        cr_expect_float_eq(sum, 1, 1e-6);
        for (int j = i + 1; j < 5; j++) cr_expect(*mat_at(map, i, j) == 0);
    }
    TapeCounts counts = tape_counts(t);
    cr_expect_float_eq(counts.flops_forward, 2.0 * 2 * (2 * 15) * 8, 0.5,
                       "two products over the 15 pairs of each of 2 sequences");
    mat_free(q), mat_free(map), tape_free(t);
}
