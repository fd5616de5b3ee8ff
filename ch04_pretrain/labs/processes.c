// Several processes, one step: what they send, what they compute, what they must hold.
// Lecture, sections 4.21 and 4.22.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/labs/two_rows.h"
#include "ch04_pretrain/team_fork.h"
#include "common/error.h"
#include "common/program/plot.h"

enum { NUMBERS = 840, MOST = 8, STEPS = TWO_ROWS_STEPS };  // 1 .. 8 divide 840

// ---- a sum by a ring

// real x[MOST][NUMBERS], a row for each process: row 0 becomes the sum.
static void sum_rows(Team *t, void *of) {
    real *x = (real *)of + t->rank * NUMBERS;
    team_sum(t, x, NUMBERS);
}

static void claim_ring(Lab *lab, long long sent[MOST + 1]) {
    double worst = 0;
    for (int p = 1; p <= MOST; p++) {
        real x[MOST][NUMBERS];
        double sums[NUMBERS] = {0};
        for (int r = 0; r < p; r++)
            for (int i = 0; i < NUMBERS; i++)
                sums[i] += (double)(x[r][i] = (real)rng_uniform(&lab->rng));
        Team team = team_fork_run(p, sum_rows, x);
        sent[p] = team.sent / (long long)sizeof(real);
        for (int i = 0; i < NUMBERS; i++)
            worst = nan_max(worst, fabs((double)x[0][i] - sums[i]) / sums[i]);
        char what[64];
        snprintf(what, sizeof what, "%d processes: numbers sent, 2 (P - 1) / P n", p);
        if (p == 2 || p == 5 || p == 8)
            claim_equal(lab, "4.113", what, 2LL * (p - 1) * NUMBERS / p, sent[p]);
    }
    // P - 1 additions of positive numbers: as many halves of an ulp
    claim_near(lab, "4.113", "the sum, largest relative error", 0, worst,
               (MOST - 1) * 0x1p-24);
}

// ---- 20 steps of two processes, of 50 targets and of 10

typedef struct {
    const Corpus *text;
    TrainSettings settings;
    int zero, layers;
    double loss[STEPS];
    real *values;                     // at the end
    size_t size, moments, gradients;  // numbers; gradients: at most
} Training;

static void train(Team *team, void *of) {
    Training *w = of;
    TwoRows r;
    two_rows_begin(&r, w->text, w->layers, w->settings, team, w->zero);
    for (int i = 0; i < STEPS; i++) w->loss[i] = trainer_step(&r.trainer).loss;
    const Params *p = &r.model.params;
    w->size = p->size, w->moments = r.trainer.optimiser.size;
    w->gradients = r.trainer.shard ? r.trainer.shard->most : p->grad_size;
    w->values =
        memcpy(allocate(p->size, sizeof(real)), p->values, p->size * sizeof(real));
    two_rows_end(&r);
}

static void claim_training(Lab *lab, const Corpus *text) {
    Training alone = {.text = text,
                      .settings = two_rows_settings(2, 1, lab->seed),
                      .layers = 1},
             team = alone;
    train(NULL, &alone), team_fork_run(2, train, &team);
    double worst = 0;
    for (int i = 0; i < STEPS; i++)
        worst = nan_max(worst, fabs(alone.loss[i] - team.loss[i]));
    // As for parts of a step [4.66]: losses of some 2 nats in single precision.
    claim_near(lab, "4.114", "two processes and one, worst loss of 20 steps", 0, worst,
               5e-6);
    free(alone.values), free(team.values);
}

// The gradient of rows n .. n + rows - 1, weighted by targets as a step of one process.
static real *gradient_of(TwoRows *r, int row, int rows) {
    Params *p = &r->model.params;
    Batch b = objective_batch_new(&r->trainer.objective, rows, TWO_ROWS_LONG);
    Tape *t = tape_new(p);
    params_zero_grads(p);
    objective_fill(&b, &r->trainer.objective, &r->data, row);
    tape_backward(t, objective_loss(t, &r->model, &b));
    real *g = memcpy(allocate(p->size, sizeof *g), p->grads, p->size * sizeof *g);
    tape_free(t), batch_free(&b);
    return g;
}

// Half of each process's mean, and not its share of the targets: the weights are off by
// |50/60 - 1/2| = 1/3, and so is the gradient, in units of |g_0 - g_1|.
static void claim_means(Lab *lab, const Corpus *text) {
    TwoRows r;
    two_rows_begin(&r, text, 1, two_rows_settings(2, 1, lab->seed), NULL, 0);
    real *both = gradient_of(&r, 0, 2), *first = gradient_of(&r, 0, 1),
         *second = gradient_of(&r, 1, 1);
    double off = 0, apart = 0;
    for (size_t i = 0; i < r.model.params.size; i++) {
        double a = (double)first[i], b = (double)second[i];
        off += pow((double)both[i] - (a + b) / 2, 2), apart += pow(a - b, 2);
    }
    // sums of float gradients, a few ulps of numbers about as long as their difference
    claim_near(lab, "4.115", "means of processes averaged: off by, of |g0 - g1|",
               1.0 / 3, sqrt(off / apart), 1e-5);
    free(both), free(first), free(second), two_rows_end(&r);
}

// ---- who holds what

static long long numbers_that_differ(const Training *a, const Training *b) {
    long long differ = 0;
    for (size_t i = 0; i < a->size; i++)
        differ += memcmp(&a->values[i], &b->values[i], sizeof(real)) != 0;
    return differ;
}

static void claim_shards(Lab *lab, const Corpus *text) {
    TrainSettings s = two_rows_settings(2, 1, lab->seed);
    s.clip = 0;  // the length of a gradient is added up in another order
    Training by_stage[SHARD_STAGES];
    for (int z = 0; z < SHARD_STAGES; z++) {
        by_stage[z] = (Training){.text = text, .settings = s, .zero = z, .layers = 1};
        team_fork_run(2, train, &by_stage[z]);
    }
    const Training *whole = &by_stage[0], *one = &by_stage[1], *two = &by_stage[2];
    claim_equal(lab, "4.116", "stage 1, 20 steps of two: numbers that differ", 0,
                numbers_that_differ(whole, one));
    claim_equal(lab, "4.116", "moments held by process 0, of N",
                (long long)whole->size / 2, (long long)one->moments);
    claim_equal(lab, "4.117", "stage 2, 20 steps of two: numbers that differ", 0,
                numbers_that_differ(whole, two));
    for (int z = 0; z < SHARD_STAGES; z++) free(by_stage[z].values);
}

// One block's parameters, of a model of several; the matrix that tokens are looked up in
// and read out with.
static size_t size_of(const Params *p, const char *part) {
    size_t size = 0;
    for (int i = 0; i < p->count; i++)
        if (strstr(p->list[i].name, part)) size += param_size(&p->list[i]);
    return size;
}

enum { DEEP = 6 };

// Numbers in process 0 at stage 2: the most at one time.
typedef struct {
    size_t gradients, moments;
} Held;

static void measure_stage2(Lab *lab, const Corpus *text, Held held[MOST + 1]) {
    TrainSettings s = two_rows_settings(MOST, 1, lab->seed);
    for (int ranks = 1; ranks <= MOST; ranks++) {
        Training t = {.text = text, .settings = s, .zero = 2, .layers = DEEP};
        team_fork_run(ranks, train, &t);
        held[ranks] = (Held){t.gradients, t.moments};
        free(t.values);
    }
}

// Backward is in one block at a time; the token matrix is first and last in use. Of each
// parameter a piece is less than one number more than its P-th part.
static void claim_stage2(Lab *lab, const Params *p, const Held held[MOST + 1]) {
    double most = (double)p->size / MOST + p->count + (double)size_of(p, "block.0.")
                  + (double)size_of(p, "token");
    claim_at_most(lab, "4.117", "P = 8: gradients held: N/P + a block + tokens", most,
                  (double)held[MOST].gradients);
}

// ---- figures

static void draw_ring(Lab *lab, const long long sent[MOST + 1]) {
    Plot *p = plot_new(lab, "processes", "count ring limit one sent");
    for (int k = 1; k <= MOST; k++)
        plot_row(p, k, 2.0 * (k - 1) / k, 2, k - 1, (double)sent[k] / NUMBERS);
    plot_title(p, "What the busiest process sends to add up n numbers");
    plot_axes(p, "processes", "numbers sent, of n");
    plot_set(p, "yrange [0:5]");
    plot_line(p, "count", "ring", "ring: 2 (P - 1) / P");
    plot_line(p, "count", "one", "all to one and back: P - 1");
    plot_dashes(p, "count", "limit", "2");
    plot_points(p, "count", "sent", "counted");
    plot_end(p);
}

static void draw_memory(Lab *lab, const Params *p, const Held held[MOST + 1]) {
    Plot *plot = plot_new(lab, "zero", "count none one two three counted1 counted2");
    double n = (double)p->size;
    for (int k = 1; k <= MOST; k++) {
        double moments = 8 * (double)held[k].moments / n;
        plot_row(plot, k, 16, 8 + 8.0 / k, 4 + 12.0 / k, 16.0 / k, 8 + moments,
                 4 + moments + 4 * (double)held[k].gradients / n);
    }
    plot_title(plot, "Bytes per parameter in each process");
    plot_axes(plot, "processes", "bytes per parameter");
    plot_set(plot, "yrange [0:20]");
    plot_line(plot, "count", "none", "everything everywhere: 16");
    plot_line(plot, "count", "one", "moments in shards: 8 + 8/P");
    plot_line(plot, "count", "two", "gradients too: 4 + 12/P");
    plot_line(plot, "count", "three", "parameters too: 16/P");
    plot_points(plot, "count", "counted1", "counted"),
        plot_points(plot, "count", "counted2", "counted, at most");
    plot_end(plot);
}

static void run(Lab *lab) {
    long long sent[MOST + 1] = {0};
    Held held[MOST + 1] = {0};
    Corpus text = two_rows_text(&lab->rng);
    TwoRows r;
    claim_ring(lab, sent), draw_ring(lab, sent);
    claim_training(lab, &text), claim_means(lab, &text);
    claim_shards(lab, &text);
    measure_stage2(lab, &text, held);
    two_rows_begin(&r, &text, DEEP, two_rows_settings(2, 1, lab->seed), NULL, 0);
    claim_stage2(lab, &r.model.params, held);
    draw_memory(lab, &r.model.params, held);
    two_rows_end(&r), corpus_free(&text);
}

const LabSpec lab_processes = {"processes", "4.21", "Several processes, one step", run,
                               NULL};
