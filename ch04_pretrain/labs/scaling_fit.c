// A scaling law of our own: sixteen small models, a fit, and what it does not know.
// Lecture, section 4.25.
//
// The source is a Markov chain of 64 symbols. Its table of probabilities has a rank of
// 64, a model of C channels writes logits of rank C: it lacks parameters. And each of
// the 64 rows must be learned from its own share of the tokens: it lacks text.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ch04_pretrain/labs/small_run.h"
#include "ch04_pretrain/model_kinds.h"
#include "ch04_pretrain/scaling_fit.h"
#include "common/program/plot.h"

enum {
    SIZES = 4,
    LENGTHS = 4,
    RUNS = SIZES * LENGTHS,
    SMALLEST = 4,  // channels; each size has twice those of the one before
    TIME = 32,
    BATCH = 16,
    AGAIN = 100,  // fits of drawn runs
    LINE = 40
};
static const double RATE = 0.03;  // of the smallest; falls with the root of the width

static const Option options[] = {
    {"steps", "512", "of the longest runs, 512 tokens each (4096: half a minute)"},
    {"rows", "256", "held-out rows of 32 tokens"},
    {0}};

typedef struct {
    ScalingRun runs[RUNS];  // by size, then by length
    double errors[RUNS];    // of the losses
    double floor;           // of the same held-out rows
} Grid;

static SmallRun one_run(Lab *lab, Language *l, int size, int length) {
    int channels = SMALLEST << size;
    long long steps =
        option_int(&lab->args, "steps", 64, 1 << 20) >> (LENGTHS - 1 - length);
    SmallRun r = {.language = l,
                  .config = model_kinds[MODEL_LLAMA].config(1, 1, channels, 1, 2),
                  .objective = {.kind = OBJECTIVE_CLM},
                  .settings = small_run_settings(BATCH, steps),
                  .time = TIME,
                  .held_out = (int)option_int(&lab->args, "rows", 8, 1 << 20),
                  .seed = lab->seed};
    r.settings.rate = RATE / sqrt(channels),
    r.settings.last_rate = r.settings.rate / 20;
    return r;
}

static void train(Lab *lab, Grid *g) {
    LanguageSettings markov = {lab->seed, 64, 1, 0.1};
    Language l = language_new(LANGUAGE_MARKOV, &markov);
    lab_print(lab, "%10s %10s %10s %10s", "parameters", "tokens", "loss", "excess");
    for (int i = 0; i < RUNS; i++) {
        SmallRun r = one_run(lab, &l, i / LENGTHS, i % LENGTHS);
        small_run_begin(&r);
        small_run_to(lab, &r, r.settings.steps);
        small_run_add_point(&r);
        RunPoint p = r.points[0];
        g->runs[i] = (ScalingRun){{(double)r.model.params.size, p.tokens}, p.loss};
        g->errors[i] = p.excess_error, g->floor = p.floor;
        lab_print(lab, "%10zu %10.0f %10.4f %10.4f", r.model.params.size, p.tokens,
                  p.loss, p.excess);
        small_run_free(&r);
    }
    language_free(&l);
}

// ---- what the fits say

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double floor_of(const ScalingLaw *l, const Grid *g) {
    (void)g;
    return l->floor;
}
static double alpha_of(const ScalingLaw *l, const Grid *g) {
    (void)g;
    return l->alpha;
}
static double beta_of(const ScalingLaw *l, const Grid *g) {
    (void)g;
    return l->beta;
}
// The loss of the best run.
static double best_of(const ScalingLaw *l, const Grid *g) {
    return scaling_loss(l, g->runs[RUNS - 1].budget);
}

typedef struct {
    double low, high;
} Interval;

// Of the fits to drawn runs, the middle eight tenths.
static Interval middle(const ScalingLaw *fits, const Grid *g,
                       double (*value)(const ScalingLaw *, const Grid *)) {
    double all[AGAIN];
    for (int k = 0; k < AGAIN; k++) all[k] = value(&fits[k], g);
    qsort(all, AGAIN, sizeof *all, by_value);
    return (Interval){all[AGAIN / 10], all[AGAIN - 1 - AGAIN / 10]};
}

static double width(Interval i) { return i.high - i.low; }

static void print_fit(Lab *lab, const char *what, const ScalingLaw *l,
                      const ScalingLaw *fits, const Grid *g) {
    Interval e = middle(fits, g, floor_of), a = middle(fits, g, alpha_of),
             b = middle(fits, g, beta_of);
    lab_print(lab,
              "%s: E %.3f (%.3f to %.3f), alpha %.2f (%.2f to %.2f), beta %.2f "
              "(%.2f to %.2f)",
              what, l->floor, e.low, e.high, l->alpha, a.low, a.high, l->beta, b.low,
              b.high);
}

// ---- claims

// Not derived: a law of five constants describes sixteen runs. Median, since the
// shortest runs of the widest models are still in their first steps.
static void claim_describes(Lab *lab, const Grid *g, const ScalingLaw *l) {
    double off[RUNS];
    for (int i = 0; i < RUNS; i++) off[i] = fabs(scaling_error(l, &g->runs[i]));
    qsort(off, RUNS, sizeof *off, by_value);
    claim_at_most(lab, "4.154", "the law's relative error, median of 16 runs", 0.01,
                  off[RUNS / 2]);
}

// What the runs determine, and what they do not: the loss where there are runs; E,
// where there is none.
static void claim_spread(Lab *lab, const Grid *g, const ScalingLaw *fits) {
    double loss = width(middle(fits, g, best_of)), e = width(middle(fits, g, floor_of));
    claim_at_least(lab, "4.155", "spread of E, at least twice that of the best loss",
                   2 * loss, e);
}

// With the full rank a model is at the floor, for some N that is finite; a power law
// gets there at infinity only, so the one through these points aims lower. Nine tenths
// of the fits to drawn runs do.
static void claim_floor(Lab *lab, const Grid *g, const ScalingLaw *fits) {
    claim_at_most(lab, "4.156", "9/10 of the fitted E are at most", g->floor,
                  middle(fits, g, floor_of).high);
}

// ---- the figure

static void draw(Lab *lab, const Grid *g, const ScalingLaw *l) {
    Plot *p =
        plot_new(lab, "scaling_fit",
                 "n floor e law0 law1 law2 law3 m loss0 error0 loss1 error1 loss2 "
                 "error2 loss3 error3");
    for (int i = 0; i <= LINE; i++) {
        double row[16], n = 500 * pow(2000, (double)i / LINE);
        row[0] = n, row[1] = g->floor, row[2] = l->floor;
        for (int j = 0; j < LENGTHS; j++)
            row[3 + j] = scaling_loss(l, (Budget){n, g->runs[j].budget.tokens});
        for (int j = 0; j < 9; j++) row[7 + j] = NAN;
        for (int j = 0; j < LENGTHS && i < SIZES; j++) {
            row[7] = g->runs[i * LENGTHS].budget.parameters;
            row[8 + 2 * j] = g->runs[i * LENGTHS + j].loss;
            row[9 + 2 * j] = g->errors[i * LENGTHS + j];
        }
        plot_row_values(p, row);
    }
    plot_axes(p, "parameters", "loss, nats per symbol");
    plot_set(p, "logscale x"), plot_set(p, "yrange [2.2:4]");
    for (int j = 0; j < LENGTHS; j++) {
        char law[8], loss[8], error[8], title[32];
        snprintf(law, sizeof law, "law%d", j), snprintf(loss, sizeof loss, "loss%d", j);
        snprintf(error, sizeof error, "error%d", j);
        snprintf(title, sizeof title, "%.0f tokens", g->runs[j].budget.tokens);
        // four lines of one law: runs have the colour of theirs
        plot_line(p, "n", law, j ? "" : "the law");
        plot_series(p,
                    "using \"m\":\"%s\":\"%s\" with yerrorbars pointtype 7 pointsize "
                    "0.9 linecolor \"%s\" title '%s'",
                    loss, error, plot_line_colour(j), title);
    }
    const char *dashes =
        "using \"n\":\"%s\" with lines linewidth 2 dashtype %d "
        "linecolor \"black\" title '%s'";
    plot_series(p, dashes, "floor", 2, "exact floor");
    plot_series(p, dashes, "e", 3, "E, fitted");
    plot_end(p);
}

static void run(Lab *lab) {
    Grid g;
    train(lab, &g);
    ScalingLaw fitted = scaling_fit(g.runs, RUNS, NAN),
               known = scaling_fit(g.runs, RUNS, g.floor), fits[AGAIN],
               with_floor[AGAIN];
    scaling_fit_again(fits, AGAIN, g.runs, RUNS, NAN, &lab->rng);
    scaling_fit_again(with_floor, AGAIN, g.runs, RUNS, g.floor, &lab->rng);
    print_fit(lab, "fitted", &fitted, fits, &g);
    print_fit(lab, "with the exact floor", &known, with_floor, &g);
    claim_describes(lab, &g, &fitted), claim_spread(lab, &g, fits),
        claim_floor(lab, &g, fits);
    draw(lab, &g, &fitted);
}

const LabSpec lab_scaling_fit = {"scaling-fit", "4.25", "A scaling law of our own", run,
                                 options};
