// Tiles in a model: chapter 3's GPT with attention that keeps weights and with
// attention that does not. Lecture, section 6.7.
//
// Per layer the first keeps B H T T weights, the second B H T numbers L; everything
// else is the same.
#include <math.h>
#include <stdlib.h>

#include "ch03_transformer/cross_entropy.h"
#include "ch03_transformer/model.h"
#include "ch03_transformer/published.h"
#include "ch06_flash/flash_attend.h"
#include "common/error.h"
#include "common/program/plot.h"

static const Option options[] = {{"time", "64", "T: tokens of a sequence"}, {0}};

enum {
    BATCH = 2,
    HEADS = 4,
    CHANNELS = 32,
    LAYERS = 2,
    VOCABULARY = 32,
    LONGEST = 256
};

typedef struct {
    double loss;
    long long bytes;
} Step;

static Step step(Model *m, AttendFunction *how, int time, Rng rng) {
    int *ids = allocate((size_t)(BATCH * time + 1), sizeof *ids);
    for (int i = 0; i <= BATCH * time; i++) ids[i] = rng_below(&rng, VOCABULARY);
    for (size_t i = 0; i < m->params.grad_size; i++) m->params.grads[i] = 0;
    model_set_attend(m, how);
    Tape *t = tape_new(&m->params);
    Tokens in = {.batch = BATCH, .time = time, .tokens = ids};
    Node *loss = cross_entropy(t, model_logits(t, m, model_hidden(t, m, &in)), ids + 1);
    tape_backward(t, loss);
    Step s = {loss->value.at[0], (long long)tape_counts(t).activation_bytes};
    tape_free(t), free(ids);
    return s;
}

static Model model_make(int time, const Rng *rng) {
    Config c = config_small_gpt(VOCABULARY, time, CHANNELS, LAYERS, HEADS);
    Model m;
    Error err;
    if (!model_new(&m, &c, &err)) die("%s", err.text);
    model_allocate(&m, rng);
    params_allocate_grads(&m.params);
    return m;
}

static void claim_same(Lab *lab, int time) {
    Model m = model_make(time, &lab->rng);
    size_t n = m.params.grad_size;
    double *kept = allocate(n, sizeof *kept), off = 0, most = 0;
    Step plain = step(&m, attend, time, lab->rng);
    for (size_t i = 0; i < n; i++) kept[i] = m.params.grads[i];
    Step tiled = step(&m, flash_attend, time, lab->rng);
    for (size_t i = 0; i < n; i++) {
        off = nan_max(off, fabs(kept[i] - m.params.grads[i]));
        most = nan_max(most, fabs(kept[i]));
    }
    // a mean of B T losses, each from logits that sum C products: sqrt of that many
    // roundings, relative to a loss of ln 32
    double rounding = 5 * sqrt(CHANNELS + BATCH * time) * 0x1p-24;
    claim_near(lab, "6.17", "loss with tables - loss with tiles", 0,
               plain.loss - tiled.loss, rounding * plain.loss);
    claim_near(lab, "6.17", "gradients, largest difference / largest", 0, off / most,
               rounding);
    free(kept), model_free(&m);
}

static void run(Lab *lab) {
    int time = (int)option_int(&lab->args, "time", 2, 512), wrong = 0;
    claim_same(lab, time);
    Plot *p = plot_new(lab, "drop_in", "tokens tables tiles difference_derived");
    for (int t = 16; t <= LONGEST; t *= 2) {
        Model m = model_make(t, &lab->rng);
        long long tables = step(&m, attend, t, lab->rng).bytes,
                  tiles = step(&m, flash_attend, t, lab->rng).bytes,
                  derived = 4LL * LAYERS * BATCH * HEADS * t * (t - 1);
        wrong += tables - tiles != derived;
        plot_row(p, t, (double)tables / 0x1p10, (double)tiles / 0x1p10,
                 (double)(tiles + derived) / 0x1p10);
        model_free(&m);
    }
    claim_equal(lab, "6.18",
                "kept less by 4 B T (T - 1) bytes per head and layer: not so", 0,
                wrong);
    plot_axes(p, "tokens T", "KiB kept for backward");
    plot_set(p, "logscale xy 2");
    plot_set(p, "key top left");
    plot_line(p, "tokens", "difference_derived", "tiles + 4 B H T (T - 1) per layer");
    plot_points(p, "tokens", "tables", "attention with tables");
    plot_points(p, "tokens", "tiles", "attention in tiles");
    plot_end(p);
}

const LabSpec lab_drop_in = {"drop-in", "6.7", "A model with attention in tiles", run,
                             options};
