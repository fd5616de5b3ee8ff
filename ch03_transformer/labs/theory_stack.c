#include "ch03_transformer/labs/theory_stack.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ch03_transformer/cross_entropy.h"
#include "common/error.h"

static double or_one(double gain) { return gain == 0 ? 1 : gain; }

static BlockShape block_shape(const StackShape *s) {
    int d = s->channels;
    Init in = normal(or_one(s->value_gain) / sqrt(d)),
         out = normal(or_one(s->out_gain) / sqrt(d));
    return (BlockShape){.place = s->place,
                        .alpha = s->alpha,
                        .norm = NORM_LAYER,
                        .epsilon = 1e-5,
                        .attention = {.channels = d,
                                      .memory_channels = d,
                                      .n_heads = 1,
                                      .n_kv_heads = 1,
                                      .head_dim = d,
                                      .init_qk = constant(0),
                                      .init_v = in,
                                      .init_out = out},
                        .ffn = FFN_RELU,
                        .hidden = d,
                        .init_ffn = in,
                        .init_ffn_down = out};
}

TheoryStack theory_stack_new(const StackShape *shape, const Rng *rng) {
    TheoryStack s = {.shape = *shape, .readout = -1};
    BlockShape b = block_shape(shape);
    int d = shape->channels;
    s.blocks = allocate((size_t)shape->layers, sizeof *s.blocks);
    for (int l = 0; l < shape->layers; l++) {
        char name[32];
        snprintf(name, sizeof name, "block.%d", l);
        s.blocks[l] = block_new(&s.params, &b, name);
    }
    s.final_norm = NORM_NONE;
    if (shape->place == PLACE_PRE)
        s.final_norm =
            norm_new(&s.params, NORM_LAYER, d, false, b.epsilon, "final_norm");
    if (shape->classes)
        s.readout =
            params_add(&s.params, d, shape->classes, normal(1 / sqrt(d)), "readout");
    params_allocate(&s.params);
    params_init(&s.params, rng);
    return s;
}

void theory_stack_free(TheoryStack *s) {
    free(s->blocks);
    params_free(&s->params);
    *s = (TheoryStack){0};
}

Node *theory_forward(Tape *t, const TheoryStack *s, Node *x, Node **states) {
    Surroundings all = {.batch = 1};
    for (int l = 0; l < s->shape.layers; l++) {
        if (states) states[l] = x;
        x = block(t, &s->blocks[l], x, &all);
    }
    if (states) states[s->shape.layers] = x;
    return x;
}

// Through the readout, with Pre-LN after the final norm: tokens x classes.
static Node *theory_logits(Tape *t, const TheoryStack *s, Node *x) {
    if (s->shape.place == PLACE_PRE) x = norm(t, &s->final_norm, x);
    return matmul_node(t, x, param(t, s->readout), NULL);
}

void theory_place(TheoryStack *s, NormPlace place) {
    s->shape.place = place;
    for (int l = 0; l < s->shape.layers; l++) s->blocks[l].place = place;
}

Node *theory_loss(Tape *t, const TheoryStack *s, Node *x, Rng *rng) {
    int n = x->value.rows, *targets = tape_allocate(t, (size_t)n * sizeof *targets);
    for (int i = 1; i < n; i++) targets[i] = IGNORED;
    targets[0] = rng_below(rng, s->shape.classes);
    return cross_entropy(t, theory_logits(t, s, x), targets);
}

double sum_of_squares(Mat m) {
    double sum = 0;
    for (int i = 0; i < m.rows; i++)
        for (int j = 0; j < m.cols; j++)
            sum += (double)*mat_at(m, i, j) * *mat_at(m, i, j);
    return sum;
}

// ---- mean field

double both_positive(double r) { return 0.5 - acos(fmin(r, 1)) / (2 * M_PI); }

double relu_product(double r) {
    r = fmin(r, 1);  // rounding may take a cosine past 1
    return (sqrt(1 - r * r) + r * (M_PI - acos(r))) / (2 * M_PI);
}

double mean_square(double r, int tokens) { return (1 + (tokens - 1) * r) / tokens; }

static double cosine(Moments m) { return m.product / m.square; }

void pre_ln_moments(Moments *m, int layers, int tokens, double weight) {
    m[0] = (Moments){1, 0};
    for (int l = 0; l < 2 * layers; l += 2) {
        double a = weight * mean_square(cosine(m[l]), tokens);
        m[l + 1] = (Moments){m[l].square + a, m[l].product + a};
        m[l + 2] =
            (Moments){m[l + 1].square + weight / 2,
                      m[l + 1].product + weight * relu_product(cosine(m[l + 1]))};
    }
}

void pre_ln_gradients(double *squares, const Moments *m, int layers, int tokens) {
    double T = 1 / m[2 * layers].square, S = T;
    for (int l = layers; l >= 1; l--) {
        // what the two read
        const Moments *ffn = &m[2 * l - 1], *attention = &m[2 * l - 2];
        double r = cosine(*ffn),
               between = (S - T) * (1 + both_positive(r) / ffn->square);
        squares[l] = T / 2 + relu_product(r) * (S - T);
        T *= 1 + 0.5 / ffn->square;
        S = T + between;
        T += S / (tokens * attention->square);
        S += S / attention->square;
    }
}

// ---- statistics

Average average(const double *x, int n, int step) {
    double mean = 0, squares = 0;
    for (int i = 0; i < n; i++) mean += x[(size_t)i * step] / n;
    for (int i = 0; i < n; i++) squares += pow(x[(size_t)i * step] - mean, 2);
    return (Average){mean, sqrt(squares / (n - 1.0) / n)};
}
