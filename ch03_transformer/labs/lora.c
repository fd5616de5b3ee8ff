// What low-rank adapters save, and what they do not. Lecture, section 3.11.
//
//     y = x W + (alpha / r) x A B   W frozen,  A  in x r  normal,  B  r x out  zeros   Hu et al., section 4.1
//
// Gradients and moments: of A and B only. Operations a token, training, with adapters
// on W_Q and W_V of all layers:
//
//     full   6 N + 3 attention                                   dW and dX: 2 N each
//     LoRA   4 N + 3 attention + 3 F - 2 (W_QKV + 2 d r)         F = 2 r (in + out), summed over the adapters
//
// The frozen matrices' dW is gone, their dX is not: it must pass through them to reach
// the adapters below. Only below the lowest adapters, in its W_Q, W_K and W_V (and A),
// nobody asks for dX: the bracket. Where they begin at layer l, nothing below l goes
// backward at all. Hu et al., "LoRA" (2021), arXiv:2106.09685.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/accounting.h"
#include "ch03_transformer/arithmetic.h"
#include "ch03_transformer/labs/counted.h"
#include "ch03_transformer/optimiser.h"
#include "ch03_transformer/published.h"
#include "common/error.h"
#include "common/program/plot.h"

static const Option options[] = {
    {"channels", "32", "d of the small models, a multiple of 8"},
    {"rank", "4", "r, at most d"},
    {0}};

// W_Q and W_V
enum {
    HEADS = 4,
    LAYERS = 3,
    VOCABULARY = 48,
    BATCH = 2,
    TIME = 24,
    TOKENS = BATCH * TIME,
    ADAPTED = 2
};

// ---- adapters

typedef struct {
    int a, b;  // parameters
    double scale;
} Adapter;

static Node *adapted(Tape *t, const Linear *l, Node *x, Node *y) {
    const Adapter *c = l->adapter;
    Node *low = matmul_node(t, x, param(t, c->a), NULL);
    return add(t, y, scale(t, matmul_node(t, low, param(t, c->b), NULL), c->scale));
}

static void adapt(Params *p, Linear *l, Adapter *c, int rank, double alpha,
                  int number) {
    Param w = p->list[l->weight];
    c->a = params_add(p, w.rows, rank, normal(1 / sqrt(w.rows)), "lora.%d.a", number);
    c->b = params_add(p, rank, w.cols, constant(0), "lora.%d.b", number);
    c->scale = alpha / rank;
    l->adapt = adapted, l->adapter = c;
}

typedef struct {
    Model model;
    Adapter adapters[ADAPTED * LAYERS];
} Adaptable;

// rank 0: no adapters, everything is trained. Else W_Q and W_V of layers from `first`
// on, and all else is frozen.
static Adaptable *adaptable_new(const Config *c, int rank, int first, const Rng *rng) {
    Adaptable *l = allocate(1, sizeof *l);
    Model *m = &l->model;
    counted_model(m, c);
    if (rank) params_freeze(&m->params, "", true);
    for (int i = first; rank && i < LAYERS; i++) {
        AttentionLayer *a = &m->decoder.blocks[i].attention;
        adapt(&m->params, &a->query, &l->adapters[ADAPTED * i], rank, 2 * rank,
              ADAPTED * i);
        adapt(&m->params, &a->value, &l->adapters[ADAPTED * i + 1], rank, 2 * rank,
              ADAPTED * i + 1);
    }
    model_allocate(m, rng), params_allocate_grads(&m->params);
    return l;
}

static void adaptable_free(Adaptable *l) { model_free(&l->model), free(l); }

static Counted counted(const Config *c, int rank, int first, const Rng *rng) {
    Adaptable *l = adaptable_new(c, rank, first, rng);
    Counted n = counted_step(&l->model, (StepShape){.batch = BATCH, .time = TIME});
    adaptable_free(l);
    return n;
}

// ---- what is derived

// A token's operations through all adapters of one layer, forward: 2 r (in + out) each.
static long long adapters_forward(const PublishedModel *p, int rank) {
    return 2 * lora_count(p, rank) / published_layers(p);
}

static long long lora_forward(const PublishedModel *p, int rank, int first) {
    return BATCH * (long long)flops_forward(p, TIME, ATTENTION_CAUSAL).total
           + (LAYERS - first) * TOKENS * adapters_forward(p, rank);
}

static long long lora_backward(const PublishedModel *p, int rank, int first) {
    long long d = p->d, dim = published_head_dim(p), layers = LAYERS - first;
    long long head = (long long)p->vocab * d,
              qkv = d * dim * (p->heads + 2 * p->kv_heads);
    long long through =
        // matrices that dX passes
        layers * (attention_weights_count(p) + ffn_weights_count(p)) + head - qkv;
    long long own = 2 * layers * adapters_forward(p, rank) - ADAPTED * 2 * d * rank;
    long long attention =
        2 * BATCH * (long long)flops_forward(p, TIME, ATTENTION_CAUSAL).attention
        / LAYERS * layers;
    return TOKENS * (2 * through + own) + attention;
}

// ---- claims

static void claim_state(Lab *lab, const Config *config, int rank) {
    Adaptable *l = adaptable_new(config, rank, 0, &lab->rng);
    const Model *m = &l->model;
    PublishedModel p = published_of(&m->config);
    Optimiser o =
        optimiser_new(&m->params, (OptimiserSettings){.kind = OPTIMISER_ADAM});
    long long adapters = lora_count(&p, rank), frozen = parameter_count(&p).total;
    TrainingSetup setup = {PRECISION_FP32, METHOD_LORA, 1, false};
    char what[80];
    snprintf(what, sizeof what, "%s: gradients, numbers: L r (in + out), Q and V",
             config->name);
    claim_equal(lab, "3.84", what, adapters, (long long)m->params.grad_size);
    snprintf(what, sizeof what, "%s: state, bytes: 4 frozen + 16 adapters",
             config->name);
    claim_equal(lab, "3.84", what,
                (long long)state_bytes((double)frozen, (double)adapters, &setup).total,
                (long long)((m->params.size + m->params.grad_size + 2 * o.size)
                            * sizeof(real)));
    optimiser_free(&o), adaptable_free(l);
}

static Mat logits_of(const Model *m) {
    Tape *t = tape_new((Params *)&m->params);
    int ids[TOKENS];
    for (int i = 0; i < TOKENS; i++) ids[i] = i * 5 % VOCABULARY;
    Mat out = mat_new(TOKENS, VOCABULARY);
    mat_copy(out, model_logits(
                      t, m,
                      model_hidden(
                          t, m, &(Tokens){.batch = BATCH, .time = TIME, .tokens = ids}))
                      ->value);
    tape_free(t);
    return out;
}

static long long bits_differ(const real *a, const real *b, size_t n) {
    long long differ = 0;
    for (size_t i = 0; i < n; i++) differ += memcmp(&a[i], &b[i], sizeof *a) != 0;
    return differ;
}

// The same seed draws the same W: adapters come last in the list.
static void claim_bits(Lab *lab, const Config *config, int rank) {
    Adaptable *plain = adaptable_new(config, 0, 0, &lab->rng),
              *l = adaptable_new(config, rank, 0, &lab->rng);
    Model *m = &l->model;
    size_t frozen = plain->model.params.size, n = TOKENS * VOCABULARY;
    Mat without = logits_of(&plain->model), with = logits_of(m);
    claim_equal(lab, "3.85", "B = 0: logits that differ in any bit", 0,
                bits_differ(without.at, with.at, n));
    counted_step(m, (StepShape){.batch = BATCH, .time = TIME});
    Optimiser o =
        optimiser_new(&m->params, (OptimiserSettings){.kind = OPTIMISER_ADAM});
    optimiser_step(&o, &m->params, 0.01);
    Mat after = logits_of(m);
    // Adam's first step moves every number of B by its rate: no logit of a trained
    // token stays as it was.
    claim_at_least(lab, "3.85", "after one step: share of logits that differ", 0.9,
                   (double)bits_differ(with.at, after.at, n) / (double)n);
    claim_equal(lab, "3.85", "after it: numbers of the frozen W that differ", 0,
                bits_differ(plain->model.params.values, m->params.values, frozen));
    optimiser_free(&o), adaptable_free(plain), adaptable_free(l), mat_free(without),
        mat_free(with), mat_free(after);
}

static void claim_operations(Lab *lab, const Config *config, int rank) {
    char what[80];
    Error err;
    Config c = *config;
    if (!config_complete(&c, &err)) die("%s", err.text);
    PublishedModel p = published_of(&c);
    for (int first = 0; first < LAYERS; first++) {
        Counted n = counted(config, rank, first, &lab->rng);
        snprintf(what, sizeof what, "%s, adapters from layer %d: forward", config->name,
                 first);
        claim_equal(lab, "3.86", what, lora_forward(&p, rank, first), n.forward);
        snprintf(what, sizeof what, "%s, adapters from layer %d: backward",
                 config->name, first);
        claim_equal(lab, "3.86", what, lora_backward(&p, rank, first), n.backward);
    }
}

// LoRA's matrices cost 4 N + ..., not 6 N: equal to full training where 3 F - 2 (W_QKV
// + 2 d r) = 2 N. MHA: F = 8 L d r.
static double break_even(const PublishedModel *p) {
    double n = (double)matmul_weights_count(p), d = p->d;
    return (2 * n + 6 * d * d) / (24 * LAYERS * d - 4 * d);
}

static void claim_break_even(Lab *lab, const Config *gpt, const PublishedModel *p) {
    int below = (int)floor(break_even(p));
    Counted full = counted(gpt, 0, 0, &lab->rng),
            less = counted(gpt, below, 0, &lab->rng),
            more = counted(gpt, below + 1, 0, &lab->rng);
    char what[80];
    snprintf(what, sizeof what, "r = %d, d = %d: at most full training's", below, p->d);
    claim_at_most(lab, "3.87", what, (double)(full.forward + full.backward),
                  (double)(less.forward + less.backward));
    snprintf(what, sizeof what, "r = %d: at least", below + 1);
    claim_at_least(lab, "3.87", what, (double)(full.forward + full.backward),
                   (double)(more.forward + more.backward));
    const PublishedModel *m = published_find("llama-7b");
    Flops all = flops_training(m, 2048, ATTENTION_FULL),
          lora = flops_lora(m, 2048, ATTENTION_FULL);
    TrainingSetup setup = {PRECISION_MIXED, METHOD_LORA, 1, false};
    StateBytes s =
        state_bytes((double)parameter_count(m).total, (double)lora_count(m, 8), &setup);
    lab_print(lab,
              "LLaMA-7B, rank 8 on W_Q and W_V: %lld numbers trained; state %.2f GB, "
              "of it %.3f GB for them; %.3f of the "
              "operations",
              lora_count(m, 8), s.total / 1e9, 16e-9 * (double)lora_count(m, 8),
              (double)lora.total / (double)all.total);
}

// x A, x A B, alpha / r of it, and the sum: r + 3 out numbers per token that full
// training does not keep.
static void claim_activations(Lab *lab, const Config *gpt, int rank) {
    Counted full = counted(gpt, 0, 0, &lab->rng),
            lora = counted(gpt, rank, 0, &lab->rng);
    claim_equal(lab, "3.88", "activations, bytes: a token 2 L (r + 3 d) more",
                (long long)sizeof(real) * TOKENS * ADAPTED * LAYERS
                    * (rank + 3 * gpt->channels),
                lora.activation_bytes - full.activation_bytes);
}

// ---- the figure

static void draw(Lab *lab, const Config *gpt, const PublishedModel *p) {
    Plot *plot = plot_new(lab, "lora",
                          "rank full lora lora_forward full_derived lora_derived "
                          "forward_derived two_thirds");
    Counted full = counted(gpt, 0, 0, &lab->rng);
    double training =
        BATCH * (double)flops_training(p, TIME, ATTENTION_CAUSAL).total / TOKENS;
    for (int rank = 1; rank <= 2 * p->d; rank *= 2) {
        Counted n = counted(gpt, rank, 0, &lab->rng);
        double forward = (double)lora_forward(p, rank, 0) / TOKENS,
               backward = (double)lora_backward(p, rank, 0) / TOKENS;
        plot_row(plot, rank, (double)(full.forward + full.backward) / TOKENS,
                 (double)(n.forward + n.backward) / TOKENS, (double)n.forward / TOKENS,
                 training, forward + backward, forward, training * 2 / 3);
    }
    plot_axes(plot, "r: rank of the adapters", "operations per token, training");
    plot_set(plot, "logscale x 2"), plot_set(plot, "xrange [0.85:%g]", 2.35 * p->d),
        plot_set(plot, "yrange [0:*]");
    plot_line(plot, "rank", "full_derived", "full: 6 N + 3 attention"),
        plot_line(plot, "rank", "lora_derived", "LoRA"),
        plot_line(plot, "rank", "forward_derived", "its forward");
    plot_dashes(plot, "rank", "two_thirds", "2/3 of full");
    plot_points(plot, "rank", "full", "counted, full"),
        plot_points(plot, "rank", "lora", "LoRA"),
        plot_points(plot, "rank", "lora_forward", "forward");
    plot_end(plot);
}

static void run(Lab *lab) {
    int d = (int)option_int(&lab->args, "channels", 8, 64),
        rank = (int)option_int(&lab->args, "rank", 1, 64);
    if (d % 8) die("--channels %d: expected a multiple of 8", d);
    if (rank > d) die("--rank %d: expected at most --channels, %d", rank, d);
    Config gpt = config_small_gpt(VOCABULARY, TIME, d, LAYERS, HEADS);
    Config llama = config_small_llama(VOCABULARY, TIME, d, LAYERS, HEADS, HEADS / 2);
    Config complete = gpt;
    Error err;
    if (!config_complete(&complete, &err)) die("%s", err.text);
    PublishedModel p = published_of(&complete);
    claim_state(lab, &gpt, rank), claim_state(lab, &llama, rank);
    claim_bits(lab, &gpt, rank);
    claim_operations(lab, &gpt, rank), claim_operations(lab, &llama, rank);
    claim_break_even(lab, &gpt, &p);
    claim_activations(lab, &gpt, rank);
    draw(lab, &gpt, &p);
}

const LabSpec lab_lora = {
    "lora", "3.11", "Low-rank adapters: few gradients, two thirds of the operations",
    run, options};
