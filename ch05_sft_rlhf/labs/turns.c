// A conversation's answers: all of them learnt from, or the last alone. Lecture, section
// 5.3.
//
// A conversation of k turns has k answers; k is 1, 2 or 3, as often each. So of all answers
// the last ones are a share 1/2, and learning from these alone throws half of the targets
// away.
#include <math.h>
#include <stdlib.h>

#include "ch03_transformer/labs/defaults.h"
#include "ch04_pretrain/objective.h"
#include "ch05_sft_rlhf/labs/small_sft.h"
#include "common/numeric/mean.h"
#include "common/program/plot.h"

enum { WINDOWS = 20, RULES = 2, HELD_OUT = 64 };

static const Option options[] = {{"steps", "300", "of training, 768 tokens each"}, {0}};

static const TaskKind kinds[] = {TASK_HELLO, TASK_COUNT, TASK_FIRST, TASK_REVERSE,
                                 TASK_KINDS};

// Answers that count in `rows` packed rows: each has one END. Rows are long, so that what
// is chosen for its length, because a row ends, is little.
static long long answers_counted(const SmallWorld *w, SftData d, int rows) {
    d.time = 8192;
    Batch b = sft_batch_new(&d, rows);
    long long ends = 0;
    sft_fill(&b, &d, 0);
    for (int i = 0; i < rows * d.time; i++) ends += b.targets[i] == w->chat.end;
    batch_free(&b);
    return ends;
}

// Nats per target of every answer in each of HELD_OUT rows that no one trained on.
static void held_out_losses(double *to, const Model *m, SftData d, uint64_t seed) {
    d.rng = rng_new(seed), d.from.held_out = true, d.last_only = false;
    Batch b = sft_batch_new(&d, 1);
    Tape *t = tape_new((Params *)&m->params);
    for (int row = 0; row < HELD_OUT; row++) {
        sft_fill(&b, &d, row);
        to[row] = (double)*objective_loss(t, m, &b)->value.at;
        tape_reset(t);
    }
    tape_free(t), batch_free(&b);
}

static void train(Lab *lab, const SmallWorld *w, bool last_only, double *losses,
                  double *held_out) {
    static Model m;
    SmallSft s =
        small_sft_usual(option_int(&lab->args, "steps", WINDOWS, 1000000), lab->seed);
    SftData d = small_sft_data(w, &s, kinds);
    d.last_only = last_only;
    small_sft(lab, &m, w, &s, d, losses);
    held_out_losses(held_out, &m, d, lab->seed + 1);
    model_free(&m);
}

static void draw(Lab *lab, double *const losses[RULES], long long steps) {
    Plot *p = plot_new(lab, "turns", "step all last");
    for (int i = 0; i < WINDOWS; i++) {
        long long first = steps * i / WINDOWS, end = steps * (i + 1) / WINDOWS;
        double sums[RULES] = {0};
        for (long long k = first; k < end; k++)
            for (int r = 0; r < RULES; r++) sums[r] += losses[r][k];
        double n = (double)(end - first);
        plot_row(p, (double)end, sums[0] / n, sums[1] / n);
    }
    plot_axes(p, "step", "nats per target");
    plot_points(p, "step", "all", "loss on every answer");
    plot_points(p, "step", "last", "loss on the last answer");
    plot_end(p);
}

// Of n conversations with k = 1, 2, 3 turns n / sum of k are last. The sum's standard
// error is sqrt(2/3 n), of the share 1/2 sqrt(1/6 / n). At the end of a row of some 200 a
// handful are those that still found room: a few of them shorter than usual.
static void claim_share(Lab *lab, const SmallWorld *w, SftData d) {
    enum { ROWS = 8 };
    long long all = answers_counted(w, d, ROWS);
    d.last_only = true;
    long long last = answers_counted(w, d, ROWS);
    double error = 0.5 * sqrt(1.0 / 6 / (double)last);
    claim_near(lab, "5.14", "answers that are a conversation's last, share", 0.5,
               (double)last / (double)all, 4 * error + 0.01);
}

// The same rows by both models: their own difficulty cancels.
static void claim_losses(Lab *lab, double held_out[RULES][HELD_OUT]) {
    Mean by[RULES] = {{0}}, difference = {0};
    for (int i = 0; i < HELD_OUT; i++) {
        for (int r = 0; r < RULES; r++) mean_add(&by[r], held_out[r][i]);
        mean_add(&difference, held_out[1][i] - held_out[0][i]);
    }
    lab_print(lab,
              "held-out loss: on every answer %.4f, on the last alone %.4f; difference "
              "%.4f +- %.4f",
              mean_of(by[0]), mean_of(by[1]), mean_of(difference),
              mean_error(difference));
    claim_at_least(lab, "5.15",
                   "held-out loss, last alone less every answer, standard errors", 4,
                   mean_of(difference) / mean_error(difference));
}

static void run(Lab *lab) {
    static SmallWorld w;
    long long steps = option_int(&lab->args, "steps", WINDOWS, 1000000);
    double *losses[RULES], held_out[RULES][HELD_OUT];
    small_world(&w, lab->seed);
    SmallSft s = small_sft_usual(steps, lab->seed);
    claim_share(lab, &w, small_sft_data(&w, &s, kinds));
    for (int r = 0; r < RULES; r++) {
        losses[r] = allocate((size_t)steps, sizeof *losses[r]);
        train(lab, &w, r == 1, losses[r], held_out[r]);
    }
    if (lab_at_defaults(lab)) claim_losses(lab, held_out);
    draw(lab, losses, steps);
    for (int r = 0; r < RULES; r++) free(losses[r]);
    small_world_free(&w);
}

const LabSpec lab_turns = {"turns", "5.3",
                           "Every answer of a conversation, or the last", run, options};
