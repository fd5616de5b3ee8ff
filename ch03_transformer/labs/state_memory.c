// The memory of a training step that does not depend on the batch, model state.
// Lecture, section 3.11.
//
//                  parameters   gradients   master weights   moments   together
//     fp32              4           4             -             8          16     bytes per parameter
//     mixed             2           2             4             8          16
//     ZeRO over R ranks: stage 1 shards the last two columns, 2 also the gradients, 3 all
//
// The fp32 row is measured: the arrays of this chapter's Params and Optimiser. So is
// stage 1: R optimisers, each with moments of its own slice of the flat array, make the
// same step to the bit. The other rows are formulas, held against the papers' figures.
// Rajbhandari et al., "ZeRO" (2019), arXiv:1910.02054, section 3; activations:
// Korthikanti et al. (2022), arXiv:2205.05198.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/accounting.h"
#include "ch03_transformer/labs/counted.h"
#include "ch03_transformer/optimiser.h"
#include "ch03_transformer/published.h"
#include "common/error.h"
#include "common/program/plot.h"

static const Option options[] = {
    {"model", "llama-7b", "of the figure: one of `params`"},
    {"seq", "2048", "of the figure: tokens of a sequence"},
    {"batch", "1", "of the figure: sequences"},
    {"ranks", "8", "R"},
    {0}};

static const double GB = 1e9;

// ---- what is allocated

static long long state_bytes_of(const Params *p, const Optimiser *o) {
    size_t numbers =
        p->size + p->grad_size + (o->m ? o->size : 0) + (o->v ? o->size : 0);
    return (long long)(numbers * sizeof(real));
}

static void claim_state(Lab *lab, const Model *m) {
    const OptimiserSettings settings[] = {{.kind = OPTIMISER_ADAM},
                                          {.kind = OPTIMISER_SGD, .momentum = 0.9},
                                          {.kind = OPTIMISER_SGD}};
    const char *const names[] = {"Adam, 4 + 4 + 8", "SGD, momentum, 4 + 4 + 4",
                                 "SGD, 4 + 4"};
    const int bytes[] = {16, 12, 8};
    char what[80];
    for (int i = 0; i < 3; i++) {
        Optimiser o = optimiser_new(&m->params, settings[i]);
        snprintf(what, sizeof what, "allocated: %s bytes per parameter", names[i]);
        claim_equal(lab, "3.77", what, bytes[i] * (long long)m->params.size,
                    state_bytes_of(&m->params, &o));
        optimiser_free(&o);
    }
}

static double state(double parameters, Precision precision, Method method, int ranks,
                    bool accumulation) {
    TrainingSetup setup = {precision, method, ranks, accumulation};
    return state_bytes(0, parameters, &setup).total;
}

static void claim_figures(Lab *lab) {
    const double llama = (double)parameter_count(published_find("llama-7b")).total;
    claim_near(lab, "3.78", "mixed precision: bytes per parameter", 16,
               state(1, PRECISION_MIXED, METHOD_FULL, 1, false), 0);
    claim_near(lab, "3.78", "with gradients summed in fp32", 20,
               state(1, PRECISION_MIXED, METHOD_FULL, 1, true), 0);
    claim_near(lab, "3.78", "7.0e9 parameters: GB", 112,
               state(7e9, PRECISION_MIXED, METHOD_FULL, 1, false) / GB, 0);
    // Figures with one digit after the point: half of it.
    claim_near(lab, "3.78", "LLaMA-7B, fp32: GB", 107.8,
               state(llama, PRECISION_FP32, METHOD_FULL, 1, false) / GB, 0.05);
    claim_near(lab, "3.78", "LLaMA-7B, mixed: GB", 107.8,
               state(llama, PRECISION_MIXED, METHOD_FULL, 1, false) / GB, 0.05);
    // ZeRO's figure 1: 7.5e9 parameters, 64 ranks
    const double published[] = {31.4, 16.6, 1.9};
    char what[80];
    for (int stage = 1; stage <= 3; stage++) {
        snprintf(what, sizeof what, "ZeRO-%d, 7.5e9 parameters, 64 ranks: GB on each",
                 stage);
        claim_near(
            lab, "3.79", what, published[stage - 1],
            state(7.5e9, PRECISION_MIXED, (Method)(METHOD_ZERO1 + stage - 1), 64, false)
                / GB,
            0.05);
    }
}

// ---- ZeRO-1 by hand: rank r owns the numbers from r size / R on

static Params slice_of(const Params *p, Param *only, size_t first, size_t end) {
    *only = (Param){.rows = 1, .cols = (int)(end - first), .decays = false};
    return (Params){.list = only,
                    .count = 1,
                    .size = end - first,
                    .grad_size = end - first,
                    .values = p->values + first,
                    .grads = p->grads + first};
}

// STEPS steps with the same gradients: once whole, once by slices. How many numbers
// differ; *largest: a rank's moments, bytes.
static long long sharded_differences(Model *m, int ranks, long long *all,
                                     long long *largest) {
    enum { STEPS = 3 };
    const OptimiserSettings adam = {.kind = OPTIMISER_ADAM};
    const double rate = 0.01;
    Params *p = &m->params;
    size_t bytes = p->size * sizeof(real);
    real *before = memcpy(allocate(p->size, sizeof(real)), p->values, bytes),
         *whole = allocate(p->size, sizeof(real));
    Optimiser o = optimiser_new(p, adam);
    for (int i = 0; i < STEPS; i++) optimiser_step(&o, p, rate);
    memcpy(whole, p->values, bytes), memcpy(p->values, before, bytes);
    for (int r = 0; r < ranks; r++) {
        size_t first = p->size * (size_t)r / (size_t)ranks,
               end = p->size * (size_t)(r + 1) / (size_t)ranks;
        Param only;
        Params slice = slice_of(p, &only, first, end);
        Optimiser own = optimiser_new(&slice, adam);
        for (int i = 0; i < STEPS; i++) optimiser_step(&own, &slice, rate);
        long long moments = (long long)(2 * own.size * sizeof(real));
        *all += moments, *largest = moments > *largest ? moments : *largest;
        optimiser_free(&own);
    }
    long long differ = 0;
    for (size_t i = 0; i < p->size; i++)
        differ += memcmp(&whole[i], &p->values[i], sizeof(real)) != 0;
    memcpy(p->values, before, bytes);
    free(before), free(whole), optimiser_free(&o);
    return differ;
}

static void claim_sharding(Lab *lab, Model *m, int ranks) {
    long long all = 0, largest = 0, parameters = (long long)m->params.size;
    counted_step(m, (StepShape){.batch = 2, .time = 16});  // gradients
    long long differ = sharded_differences(m, ranks, &all, &largest);
    char what[80];
    snprintf(what, sizeof what, "ZeRO-1 by hand, %d ranks: numbers that differ", ranks);
    claim_equal(lab, "3.79", what, 0, differ);
    claim_equal(lab, "3.79", "moments of all ranks together: 8 bytes per parameter",
                8 * parameters, all);
    claim_equal(lab, "3.79", "of the fullest rank: 8 / R, by whole numbers",
                8 * ((parameters + ranks - 1) / ranks), largest);
}

// ---- the figure: bytes by category

typedef struct {
    const char *label;
    Precision precision;
    Method method;
    ActivationStorage storage;
} Bar;

static const Bar bars[] = {
    {"fp32", PRECISION_FP32, METHOD_FULL, ACTIVATIONS_FULL},
    {"mixed", PRECISION_MIXED, METHOD_FULL, ACTIVATIONS_FULL},
    {"no score\\nmatrices", PRECISION_MIXED, METHOD_FULL, ACTIVATIONS_NO_SCORES},
    {"recom-\\nputed", PRECISION_MIXED, METHOD_FULL, ACTIVATIONS_RECOMPUTED},
    {"ZeRO-1", PRECISION_MIXED, METHOD_ZERO1, ACTIVATIONS_NO_SCORES},
    {"ZeRO-2", PRECISION_MIXED, METHOD_ZERO2, ACTIVATIONS_NO_SCORES},
    {"ZeRO-3", PRECISION_MIXED, METHOD_ZERO3, ACTIVATIONS_NO_SCORES},
    {"LoRA,\\nrank 8", PRECISION_MIXED, METHOD_LORA, ACTIVATIONS_NO_SCORES}};
enum { BARS = sizeof bars / sizeof *bars, LORA_RANK = 8, CARD_GB = 80 };

static void draw(Lab *lab, const PublishedModel *m, long batch, long seq, int ranks) {
    static const char *const kinds[][2] = {{"parameters", "#0072b2"},
                                           {"gradients", "#d55e00"},
                                           {"master weights", "#009e73"},
                                           {"moments", "#cc79a7"},
                                           {"activations", "#e69f00"}};
    Plot *p = plot_new(lab, "state_memory",
                       "bar parameters gradients master moments activations card");
    char title[160], ticks[400] = "";
    for (int i = 0; i < BARS; i++) {
        const Bar *b = &bars[i];
        TrainingSetup setup = {b->precision, b->method, ranks, false};
        double all = (double)parameter_count(m).total,
               adapters = (double)lora_count(m, LORA_RANK);
        StateBytes s = b->method == METHOD_LORA ? state_bytes(all, adapters, &setup)
                                                : state_bytes(0, all, &setup);
        plot_row(
            p, i, s.parameters / GB, s.gradients / GB, s.master / GB, s.moments / GB,
            activation_bytes(m, batch, seq, b->precision, b->storage) / GB, CARD_GB);
        size_t at = strlen(ticks);
        snprintf(ticks + at, sizeof ticks - at, "%s\"%s\" %d", i ? ", " : "", b->label,
                 i);
    }
    snprintf(title, sizeof title,
             "%s, batch %ld, %ld tokens: memory by what it is for (ZeRO: on each of %d "
             "ranks)",
             m->name, batch, seq, ranks);
    plot_title(p, title);
    plot_axes(p, "", "GB"), plot_set(p, "xtics (%s)", ticks),
        plot_set(p, "xrange [-0.6:%g]", BARS - 0.4);
    plot_set(p, "style data histograms"), plot_set(p, "style histogram rowstacked");
    plot_set(p, "style fill solid 0.85 noborder"), plot_set(p, "boxwidth 0.7"),
        plot_set(p, "yrange [0:*]"), plot_set(p, "bmargin 4");
    for (int k = 0; k < 5; k++)
        plot_series(p, "using %d linecolor \"%s\" title \"%s\"", 2 + k, kinds[k][1],
                    kinds[k][0]);
    plot_series(p,
                "using \"bar\":\"card\" with lines dashtype 2 linewidth 2 linecolor "
                "\"#000000\" title \"a card of %d GB\"",
                CARD_GB);
    plot_not_in_letters(p);
    plot_end(p);
}

static void run(Lab *lab) {
    const char *name = option_text(&lab->args, "model");
    const PublishedModel *shown = published_find(name);
    if (!shown)
        die("--model %s: no such model; `%s params` lists them", name, program_name());
    long seq = option_int(&lab->args, "seq", 1, 1 << 24),
         batch = option_int(&lab->args, "batch", 1, 1 << 20);
    int ranks = (int)option_int(&lab->args, "ranks", 1, 1024);
    Config c = config_small_gpt(50, 16, 32, 2, 4);
    Model m;
    counted_model(&m, &c);
    model_allocate(&m, &lab->rng), params_allocate_grads(&m.params);
    claim_state(lab, &m);
    claim_figures(lab);
    claim_sharding(lab, &m, ranks);
    draw(lab, shown, batch, seq, ranks);
    model_free(&m);
}

const LabSpec lab_state_memory = {
    "state-memory", "3.11",
    "What training keeps: 16 bytes per parameter, and activations", run, options};
