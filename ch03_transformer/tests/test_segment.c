// Segments: less is kept, and not a bit is different.
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/clip.h"
#include "ch03_transformer/cross_entropy.h"
#include "ch03_transformer/dropout.h"
#include "ch03_transformer/model.h"
#include "ch03_transformer/published.h"
#include "ch03_transformer/segment.h"
#include "ch03_transformer/tests/gradients.h"

enum { V = 13, TIME = 6, ROWS = 2, LAYERS = 3, CHANNELS = 16 };

static const int ids[ROWS * TIME] = {1, 5, 2, 0, 7, 3, 12, 4, 4, 9, 8, 6};

// One of each family, with what they have of their own: tied T5 biases that all blocks
// share, an encoder's output that all blocks read, layers that are one.
static Config config_of(int family) {
    Config c = family == 1 ? config_small_llama(V, TIME, CHANNELS, LAYERS, 2, 1)
                           : config_small_gpt(V, TIME, CHANNELS, LAYERS, 2);
    if (family == 2) {
        c.family = FAMILY_ENCODER_DECODER;
        c.decoder_layers = LAYERS;
        c.position = POSITION_T5;
    }
    if (family == 3) c.shared_layers = true;
    c.dropout = 0.2;
    return c;
}

static Node *loss_of(Tape *t, const Model *m) {
    Tokens in = {.batch = ROWS, .time = TIME, .tokens = ids};
    Node *hidden = m->config.family == FAMILY_ENCODER_DECODER
                       ? model_decode(t, m, &in, model_encode(t, m, &in), &in)
                       : model_hidden(t, m, &in);
    return cross_entropy(t, model_logits(t, m, hidden), ids);
}

typedef struct {
    double loss;
    real *grads;
    TapeCounts counts;
} Step;

// The second of two steps: the first may have left something.
static Step step_of(Model *m, int blocks) {
    Step s = {0};
    Tape *t = tape_new(&m->params);
    tape_recompute(t, blocks);
    for (int i = 0; i < 2; i++) {
        tape_reset(t), params_zero_grads(&m->params);
        tape_training(t, true, 7);
        Node *loss = loss_of(t, m);
        s.loss = (double)*loss->value.at;
        tape_backward(t, loss);
        s.counts = tape_counts(t);
    }
    size_t bytes = m->params.grad_size * sizeof(real);
    s.grads = memcpy(malloc(bytes), m->params.grads, bytes);
    tape_free(t);
    return s;
}

static void model_of(Model *m, int family) {
    Config c = config_of(family);
    Error err;
    Rng rng = rng_new(3);
    cr_assert(model_new(m, &c, &err), "%s", err.text);
    model_allocate(m, &rng), params_allocate_grads(&m->params);
}

Test(segment, the_same_bits_in_every_family) {
    for (int family = 0; family < 4; family++) {
        Model m;
        model_of(&m, family);
        Step all = step_of(&m, 0);
        for (int blocks = 1; blocks <= LAYERS + 1; blocks++) {
            Step s = step_of(&m, blocks);
            cr_expect_eq(s.loss, all.loss);
            cr_expect_eq(memcmp(s.grads, all.grads, m.params.grad_size * sizeof(real)),
                         0, "family %d, %d blocks", family, blocks);
            cr_expect_eq(s.counts.flops_forward, all.counts.flops_forward);
            if (blocks == 1)
                cr_expect_lt(s.counts.activation_most, all.counts.activation_most);
            cr_expect_leq(s.counts.activation_bytes, s.counts.activation_most);
            free(s.grads);
        }
        cr_expect_eq(all.counts.activation_bytes, all.counts.activation_most);
        free(all.grads), model_free(&m);
    }
}

// Against differences, not only against the tape itself.
static Node *recomputed_loss(Tape *t, void *model) {
    tape_recompute(t, 2);
    tape_training(t, true, 7);
    return loss_of(t, model);
}

Test(segment, gradients) {
    Model m;
    model_of(&m, 1);
    double error = gradient_error(&m.params, recomputed_loss, &m, 8);
    cr_expect_leq(error, gradient_tolerance(), "off by %g", error);
    model_free(&m);
}

// x is a constant: the parameters inside want a gradient all the same; and two segments
// drop different numbers.
static Node *inside(Tape *t, Node *x, const void *context) {
    (void)context;
    return dropout(t, linear(t, &(Linear){0, -1}, x), 0.5);
}

Test(segment, a_constant_and_two_draws) {
    Params p = {0};
    params_add(&p, 8, 8, normal(1), "w");
    params_allocate(&p), params_allocate_grads(&p);
    Rng rng = rng_new(1);
    params_init(&p, &rng);
    Mat x = random_mat(&rng, 4, 8, 1);
    Tape *t = tape_new(&p);
    tape_training(t, true, 1);
    Node *a = segment(t, constant_node(t, x), inside, NULL),
         *b = segment(t, constant_node(t, x), inside, NULL);
    cr_expect_gt(largest_difference(a->value, b->value), 0);
    tape_backward(t, random_loss(t, a));
    cr_expect_gt(params_grad_norm(&p), 0);
    cr_expect_eq(tape_counts(t).nodes, 7, "nothing of what was inside is left");
    tape_free(t), params_free(&p), mat_free(x);
}

// From the second step on a step takes no new memory, and far less than one that keeps all.
Test(segment, memory_comes_back) {
    enum { DEEP = 12, LONG = 64 };
    Config c = config_small_gpt(V, LONG, 2 * CHANNELS, DEEP, 2);
    int tokens[LONG];
    for (int i = 0; i < LONG; i++) tokens[i] = i % V;
    Tokens in = {.batch = 1, .time = LONG, .tokens = tokens};
    Model m;
    Error err;
    Rng rng = rng_new(3);
    cr_assert(model_new(&m, &c, &err), "%s", err.text);
    model_allocate(&m, &rng), params_allocate_grads(&m.params);
    size_t bytes[2][4];
    for (int blocks = 0; blocks < 2; blocks++) {
        Tape *t = tape_new(&m.params);
        tape_recompute(t, blocks);
        for (int i = 0; i < 4; i++) {
            Node *hidden = model_hidden(t, &m, &in);
            tape_backward(t, cross_entropy(t, model_logits(t, &m, hidden), tokens));
            bytes[blocks][i] = tape_counts(t).arena_bytes;
            tape_reset(t);
        }
        cr_expect_eq(bytes[blocks][1], bytes[blocks][3]);
        tape_free(t);
    }
    cr_expect_lt(bytes[1][3], bytes[0][3] / 4);
    model_free(&m);
}
