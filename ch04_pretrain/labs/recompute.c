// Recomputation: memory for time. Lecture, section 4.13.
//
// A deep GPT keeps, of every k blocks, their input alone, and runs them again in backward.
// Numbers kept per token, d wide, a heads, T tokens, with dropout:
//
//     all         outside + L inside               inside = 20 d + 4 + a T  (chapter 3's list,
//     every k     outside + ceil(L/k) d + k inside                           and 2 d of dropout)
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/cross_entropy.h"
#include "ch03_transformer/model.h"
#include "ch03_transformer/published.h"
#include "common/error.h"
#include "common/numeric/small.h"
#include "common/program/plot.h"

enum { ROWS = 2, TIME = 32, HEADS = 4, CHANNELS = 32, VOCABULARY = 40 };

static const Option options[] = {{"layers", "24", "of the model"}, {0}};

typedef struct {
    double loss;
    real *grads;
    TapeCounts counts;
} Step;

static void model_of(Model *m, int layers, const Rng *rng) {
    Error err;
    Config c = config_small_gpt(VOCABULARY, TIME, CHANNELS, layers, HEADS);
    c.dropout = 0.1;
    if (!model_new(m, &c, &err)) die("%s", err.text);
    model_allocate(m, rng), params_allocate_grads(&m->params);
}

static Step step_of(Model *m, int blocks) {
    int ids[ROWS * TIME];
    for (int i = 0; i < ROWS * TIME; i++) ids[i] = i * 7 % VOCABULARY;
    Tokens in = {.batch = ROWS, .time = TIME, .tokens = ids};
    Tape *t = tape_new(&m->params);
    params_zero_grads(&m->params);
    tape_recompute(t, blocks), tape_training(t, true, 1);
    Node *loss = cross_entropy(t, model_logits(t, m, model_hidden(t, m, &in)), ids);
    tape_backward(t, loss);
    size_t size = m->params.grad_size;
    Step s = {(double)*loss->value.at, allocate(size, sizeof(real)), tape_counts(t)};
    memcpy(s.grads, m->params.grads, size * sizeof(real));
    tape_free(t);
    return s;
}

// ---- what is expected

// Numbers per token.
static long long inside(const Config *c) {
    return 20LL * c->channels + 4 + (long long)c->heads * TIME;
}
// Two embeddings, their sum, dropout of it, the last norm with mean and 1/s, the logits and
// the logarithms of their sums.
static long long outside(const Config *c) {
    return 5LL * c->channels + 3 + c->vocabulary;
}

static long long most_bytes(const Config *c, int blocks) {
    int n = blocks ? blocks : c->layers;
    long long kept =
        blocks ? (long long)ceil_div(c->layers, n) * c->channels + n * inside(c)
               : c->layers * inside(c);
    // and the loss, one number
    return (long long)sizeof(real) * (ROWS * TIME * (outside(c) + kept) + 1);
}

// Forward, of the blocks alone: all but the output matrix.
static long long flops_of_blocks(const Config *c, const TapeCounts *all) {
    return llround(all->flops_forward)
           - 2LL * ROWS * TIME * c->channels * c->vocabulary;
}

static void claim_step(Lab *lab, const Model *m, const Step *all, const Step *s,
                       int blocks) {
    char what[80];
    long long different = 0;
    for (size_t i = 0; i < m->params.grad_size; i++)
        different += memcmp(&s->grads[i], &all->grads[i], sizeof(real)) != 0;
    snprintf(what, sizeof what, "every %d: gradients with other bits", blocks);
    claim_equal(lab, "4.70", what, 0, different + (s->loss != all->loss));
    snprintf(what, sizeof what, "every %d: most bytes at one time", blocks);
    claim_equal(lab, "4.71", what, most_bytes(&m->config, blocks),
                (long long)s->counts.activation_most);
    snprintf(what, sizeof what, "every %d: operations, one forward more", blocks);
    claim_equal(lab, "4.72", what,
                llround(all->counts.flops_forward + all->counts.flops_backward)
                    + flops_of_blocks(&m->config, &all->counts),
                llround(s->counts.flops_forward + s->counts.flops_backward));
}

static void draw(Lab *lab, const Model *m, const double *counted, double all) {
    const double MB = 1e6;
    Plot *p = plot_new(lab, "recompute", "blocks derived counted all");
    int layers = m->config.layers;
    for (int k = 1; k <= layers; k++)
        plot_row(p, k, (double)most_bytes(&m->config, k) / MB, counted[k] / MB,
                 all / MB);
    plot_axes(p, "k: blocks between two that are kept",
              "activations at their most, MB");
    plot_set(p, "logscale x 2"), plot_set(p, "yrange [0:*]");
    plot_line(p, "blocks", "derived", "outside + (blocks/k) d + k (20 d + 4 + a L)");
    plot_dashes(p, "blocks", "all", "all kept");
    plot_points(p, "blocks", "counted", "counted by the tape");
    plot_end(p);
}

static void run(Lab *lab) {
    int layers = (int)option_int(&lab->args, "layers", 4, 200);
    Model m;
    model_of(&m, layers, &lab->rng);
    Step all = step_of(&m, 0);
    double *counted = allocate((size_t)layers + 1, sizeof *counted);
    claim_equal(lab, "4.71", "all kept: bytes", most_bytes(&m.config, 0),
                (long long)all.counts.activation_most);
    for (int k = 1; k <= layers; k++) {
        bool power = (k & (k - 1)) == 0;
        counted[k] = NAN;
        if (!power) continue;
        Step s = step_of(&m, k);
        counted[k] = (double)s.counts.activation_most;
        if (k <= 4) claim_step(lab, &m, &all, &s, k);
        free(s.grads);
    }
    draw(lab, &m, counted, (double)all.counts.activation_most);
    free(all.grads), free(counted), model_free(&m);
}

const LabSpec lab_recompute = {"recompute", "4.13", "Memory for time", run, options};
