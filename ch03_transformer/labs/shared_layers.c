// ALBERT's shared layers: one block, applied L times. Lecture, section 3.8.
//
//     parameters  a + b at any depth       a: embeddings and head, b: one block; not shared: a + L b
//     gradient    dL/dtheta = sum over l of dL/dtheta_l
//                                                       at theta_1 = ... = theta_L = theta, by the chain rule
//
// Operations do not get fewer: the block runs L times. Lan et al. (2019),
// arXiv:1909.11942.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/cross_entropy.h"
#include "ch03_transformer/model.h"
#include "ch03_transformer/published.h"
#include "common/error.h"
#include "common/program/lab.h"

static const Option options[] = {
    {"depth-most", "12", "largest number of layers"},
    {"channels", "32", "d, rounded down to a multiple of 4"},
    {0}};

enum { VOCABULARY = 61, TOKENS = 12, BATCH = 2, HEADS = 4 };

static Config albert(int channels, int layers, bool shared) {
    Config c = *config_find("albert-base");
    c.vocabulary = VOCABULARY, c.context = TOKENS, c.channels = channels,
    c.layers = layers, c.heads = HEADS;
    c.embedding_channels = channels / 2, c.hidden = 0, c.shared_layers = shared,
    c.dropout = 0;
    c.head = HEAD_MLM, c.tied = true, c.init = INIT_XAVIER;
    return c;
}

static Model shape_of(int channels, int layers, bool shared) {
    Config c = albert(channels, layers, shared);
    Model m;
    Error err;
    if (!model_new(&m, &c, &err)) die("%s", err.text);
    return m;
}

static long long count(int channels, int layers, bool shared) {
    Model m = shape_of(channels, layers, shared);
    long long size = (long long)m.params.size;
    model_free(&m);
    return size;
}

// Operations of a forward pass, as the tape counts them.
static double forward_backward(Model *m, const int *tokens, const int *targets) {
    Tape *t = tape_new(&m->params);
    params_allocate_grads(&m->params);
    Tokens in = {.batch = BATCH, .time = TOKENS, .tokens = tokens};
    tape_backward(
        t, cross_entropy(t, model_logits(t, m, model_hidden(t, m, &in)), targets));
    double flops = tape_counts(t).flops_forward;
    tape_free(t);
    return flops;
}

// The parameter of the shared model that stands for `name`: block 3's is block 0's.
static int shared_index(const Model *shared, const char *name) {
    char own[96];
    int block, used = 0;
    if (sscanf(name, "block.%d.%n", &block, &used) != 1 || !used)
        return params_find(&shared->params, name);
    snprintf(own, sizeof own, "block.0.%s", name + used);
    return params_find(&shared->params, own);
}

typedef struct {
    // largest difference of the shared gradient to the sum, and to the last block's
    // alone
    double sum_off, last_off;
} Comparison;  // both as a part of the gradient's largest number

// One parameter's gradients: the shared one's, and those of its places in the blocks of
// `apart`.
static void compare_parameter(Comparison *c, double *largest, Mat whole,
                              const Model *apart, const char *name, int layers) {
    Mat *own = allocate((size_t)layers, sizeof *own);
    for (int l = 0; l < layers; l++) {
        char own_name[96];
        snprintf(own_name, sizeof own_name, "block.%d.%s", l, name);
        own[l] = params_grad(&apart->params, params_find(&apart->params, own_name));
    }
    for (int k = 0; k < whole.rows * whole.cols; k++) {
        double sum = 0, last = (double)own[layers - 1].at[k];
        for (int l = 0; l < layers; l++) sum += (double)own[l].at[k];
        *largest = nan_max(*largest, fabs(sum));
        c->sum_off = nan_max(c->sum_off, fabs(whole.at[k] - sum)),
        c->last_off = nan_max(c->last_off, fabs(whole.at[k] - last));
    }
    free(own);
}

static Comparison compare(const Model *shared, const Model *apart, int layers) {
    Comparison c = {0};
    double largest = 0;
    for (int i = 0; i < shared->params.count; i++) {
        const char *name = shared->params.list[i].name;
        if (!strncmp(name, "block.0.", 8))
            compare_parameter(&c, &largest, params_grad(&shared->params, i), apart,
                              name + 8, layers);
    }
    return (Comparison){c.sum_off / largest, c.last_off / largest};
}

static void claim_gradient(Lab *lab, int channels, int layers) {
    Rng rng = lab->rng;
    int tokens[BATCH * TOKENS], targets[BATCH * TOKENS];
    for (int i = 0; i < BATCH * TOKENS; i++)
        tokens[i] = rng_below(&rng, VOCABULARY),
        targets[i] = rng_below(&rng, VOCABULARY);
    Model shared = shape_of(channels, layers, true),
          apart = shape_of(channels, layers, false);
    model_allocate(&shared, &rng), model_allocate(&apart, NULL);
    for (int i = 0; i < apart.params.count; i++)
        mat_copy(params_value(&apart.params, i),
                 params_value(&shared.params,
                              shared_index(&shared, apart.params.list[i].name)));
    double operations = forward_backward(&shared, tokens, targets),
           operations_apart = forward_backward(&apart, tokens, targets);
    Comparison c = compare(&shared, &apart, layers);
    // The same products in another order: K = layers B T of them make a number, rounded
    // at most K times; the sum of their sizes is some sqrt(K) times the size of their
    // sum.
    double products = (double)layers * BATCH * TOKENS;
    claim_near(lab, "3.53", "shared gradient - sum over applications, relative", 0,
               c.sum_off, pow(products, 1.5) * 0x1p-24);
    // Not one of them: the others' share is layers - 1 of layers.
    claim_at_least(lab, "3.53", "shared gradient - that of the last application", 0.1,
                   c.last_off);
    claim_near(lab, "3.53", "operations forward: the same as without sharing",
               operations_apart, operations, 0);
    model_free(&shared), model_free(&apart);
}

static void run(Lab *lab) {
    int most = (int)option_int(&lab->args, "depth-most", 2, 24);
    int d = HEADS * (int)(option_int(&lab->args, "channels", 8, 256) / HEADS);
    // A block: 4 d^2 + 8 d^2 weights, 4 d + 5 d biases, 4 d in two norms.
    long long one = count(d, 1, true), block = 12LL * d * d + 13 * d, off_shared = 0,
              off_apart = 0;
    for (int layers = 1; layers <= most; layers++) {
        long long shared = count(d, layers, true), apart = count(d, layers, false),
                  all = one + (layers - 1) * block;
        off_shared += llabs(shared - one), off_apart += llabs(apart - all);
        if (layers == 1 || layers == most)
            lab_print(
                lab,
                "%2d layers: %lld parameters with one block, %lld with a block each",
                layers, shared, apart);
    }
    claim_equal(lab, "3.53", "shared, all depths: parameters - those of depth 1", 0,
                off_shared);
    claim_equal(lab, "3.53", "apart: parameters - (layers - 1) (12 d^2 + 13 d) more", 0,
                off_apart);
    claim_gradient(lab, d, most);
}

const LabSpec lab_shared_layers = {"shared-layers", "3.8",
                                   "ALBERT: one block, applied L times", run, options};
