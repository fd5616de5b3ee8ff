// Accumulation: a mean of means is another mean. Lecture, section 4.13.
//
// A text of which one row has 50 targets and the next, its end, 10. The trainer takes
// both at once, then one after the other; and beside it the rule that gives each part
// the same weight.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/evaluate.h"
#include "ch04_pretrain/labs/two_rows.h"
#include "common/program/plot.h"

enum { LONG = TWO_ROWS_LONG, STEPS = TWO_ROWS_STEPS };

// Each row's own mean loss, the longer first, and how many targets it has.
static void losses_of_rows(TwoRows *r, double loss[2], long long counted[2]) {
    for (int n = 0; n < 2; n++) {
        Evaluation e = evaluate(&r->model, &r->data, &r->trainer.objective, n, 1, 1);
        int row = e.tokens != LONG;
        loss[row] = evaluation_loss(&e), counted[row] = e.tokens;
        evaluation_free(&e);
    }
}

// The largest differences of 20 steps.
typedef struct {
    double parts, rule, means;
} Differences;

static Differences train(TwoRows *whole, TwoRows *parts, Plot *p) {
    Differences d = {0};
    for (int i = 0; i < STEPS; i++) {
        double rows[2];
        long long n[2];
        losses_of_rows(whole, rows, n);
        double rule =
            ((double)n[0] * rows[0] + (double)n[1] * rows[1]) / (double)(n[0] + n[1]);
        double means = (rows[0] + rows[1]) / 2;
        double a = trainer_step(&whole->trainer).loss,
               b = trainer_step(&parts->trainer).loss;
        d.parts = nan_max(d.parts, fabs(a - b));
        d.rule = nan_max(d.rule, fabs(a - rule));
        d.means = nan_max(d.means, means - a);
        plot_row(p, i + 1, a, b, means);
    }
    return d;
}

static void run(Lab *lab) {
    Corpus c = two_rows_text(&lab->rng);
    TwoRows whole, parts;
    two_rows_begin(&whole, &c, 1, two_rows_settings(2, 1, lab->seed), NULL, 0);
    two_rows_begin(&parts, &c, 1, two_rows_settings(1, 2, lab->seed), NULL, 0);
    Plot *p = plot_new(lab, "accumulation", "step whole parts means");
    Differences d = train(&whole, &parts, p);
    // Losses of some 2 nats in single precision, 2e-7 each, and the weights have been
    // apart by as much for 20 steps.
    claim_near(lab, "4.66", "2 rows at once and 1 row twice, worst of 20 steps", 0,
               d.parts, 5e-6);
    claim_near(lab, "4.66", "and the sum of losses / targets", 0, d.rule, 5e-6);
    // not derived: how much easier the long row is by then
    claim_at_least(lab, "4.67", "a mean of means is off by, largest", 0.3, d.means);
    plot_axes(p, "step", "nats per token");
    plot_line(p, "step", "whole", "both rows at once");
    plot_points(p, "step", "parts", "one after the other");
    plot_points(p, "step", "means", "mean of the rows' means");
    plot_end(p);
    two_rows_end(&whole), two_rows_end(&parts), corpus_free(&c);
}

const LabSpec lab_accumulation = {"accumulation", "4.13",
                                  "A mean of means is another mean", run, NULL};
