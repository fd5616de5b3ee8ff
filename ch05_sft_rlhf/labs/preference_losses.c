// Preference losses: where each wants the margin to be. Lecture, section 5.9.
//
// The mean loss over labels that prefer the first answer with probability p, least at a
// d of its own; and what becomes of a policy whose labels never err.
#include "ch05_sft_rlhf/preference_loss.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ch03_transformer/labs/defaults.h"
#include "ch05_sft_rlhf/orpo.h"
#include "common/numeric/logistic.h"
#include "common/program/plot.h"
#include "common/program/text.h"

static const Option options[] = {
    {"beta", "1", "of the losses; tau of ipo, kappa of orpo"},
    {"smoothing", "0.1", "cdpo's share of wrong labels"},
    {0}};

enum { POINTS = 99, HALVINGS = 200, DECADES = 5 };

static double mean_slope(double d, double p, const PreferenceSettings *s) {
    return p * preference_loss(d, s).slope - (1 - p) * preference_loss(-d, s).slope;
}

// The losses are convex: the slope of the mean rises through 0.
static double least_at(double p, const PreferenceSettings *s) {
    double low = -100, high = 100;
    for (int i = 0; i < HALVINGS; i++) {
        double d = (low + high) / 2;
        if (mean_slope(d, p, s) < 0) low = d;
        else high = d;
    }
    return (low + high) / 2;
}

// Gradient descent of rate 1 on a policy of two answers whose label never errs: the
// margin after 10, 100, ... steps.
static void descend(const PreferenceSettings *s, double margin[DECADES]) {
    double d = 0, rate = s->kind == PREFERENCE_IPO ? 0.1 : 1;
    for (int k = 0, step = 0, until = 10; k < DECADES; k++, until *= 10) {
        for (; step < until; step++) d -= rate * preference_loss(d, s).slope;
        margin[k] = d;
    }
}

static PreferenceSettings settings(Lab *lab, int kind) {
    return (PreferenceSettings){(PreferenceKind)kind,
                                option_real(&lab->args, "beta", 0.05, 20),
                                option_real(&lab->args, "smoothing", 0.001, 0.49)};
}

static void claim_goals(Lab *lab) {
    for (int k = 0; k < PREFERENCE_KINDS; k++) {
        PreferenceSettings s = settings(lab, k);
        double worst = 0;
        char what[96];
        for (int i = 1; i <= POINTS; i++) {
            double p = (double)i / (POINTS + 1);
            if (i == (POINTS + 1) / 2) continue;  // hinge: a flat stretch at p = 1/2
            worst =
                nan_max(worst, fabs(least_at(p, &s) - preference_kinds[k].goal(p, &s)));
        }
        snprintf(what, sizeof what, "%s: d of least mean loss, less its goal, largest",
                 preference_names()[k]);
        // bisection of an interval of 200 down to rounding; slopes are rounded to 1e-16
        claim_near(lab, "5.80", what, 0, worst, 1e-11);
    }
}

// With a large kappa the odds' term alone decides: z = 2 u, so u is half of dpo's. Of
// the condition's two parts (orpo.h) fine-tuning's is at most 1/2 there, and the slope
// of the other 4 kappa p (1 - p).
static void claim_orpo(Lab *lab) {
    const double p = 0.75, kappa = 1e4;
    PreferenceSettings s = {PREFERENCE_ORPO, kappa, 0};
    claim_near(lab, "5.78", "orpo, p = 3/4, kappa = 1e4: d of least mean loss",
               logit(p) / 2, least_at(p, &s), 0.5 / (4 * kappa * p * (1 - p)));
    s.beta = 1;
    OrpoLoss equal = orpo_loss(-0.7, -0.7, s.beta);
    claim_near(lab, "5.79", "orpo, two answers of 0.7 nats per token: loss",
               0.7 + log(2), equal.value, 1e-15);
}

static void claim_sure_labels(Lab *lab) {
    double margin[DECADES];
    PreferenceSettings dpo = settings(lab, PREFERENCE_DPO);
    descend(&dpo, margin);
    // d' = beta e^(-beta d): ln t / beta, so each decade adds ln 10 / beta
    claim_near(lab, "5.81",
               "labels that never err, dpo: margin gained from 1e4 to 1e5 steps",
               log(10) / dpo.beta, margin[4] - margin[3], 0.01 / dpo.beta);
    for (int k = PREFERENCE_CDPO; k <= PREFERENCE_IPO; k++) {
        PreferenceSettings s = settings(lab, k);
        char what[96];
        descend(&s, margin);
        snprintf(what, sizeof what, "%s: margin after 1e5 steps",
                 preference_names()[k]);
        // linear convergence: rounding alone is left
        claim_near(lab, "5.82", what, preference_kinds[k].goal(1, &s), margin[4], 1e-6);
    }
}

static Plot *plot_of_kinds(Lab *lab) {
    Text columns = {0};
    text_add(&columns, "p");
    for (int k = 0; k < PREFERENCE_KINDS; k++)
        text_add(&columns, " %s", preference_names()[k]);
    for (int k = 0; k < PREFERENCE_KINDS; k++)
        text_add(&columns, " %s_found", preference_names()[k]);
    Plot *p = plot_new(lab, "preference_losses", columns.data);
    free(columns.data);
    return p;
}

static void draw(Lab *lab) {
    Plot *p = plot_of_kinds(lab);
    for (int i = 1; i <= POINTS; i++) {
        double at = (double)i / (POINTS + 1), row[1 + 2 * PREFERENCE_KINDS] = {at};
        for (int k = 0; k < PREFERENCE_KINDS; k++) {
            PreferenceSettings s = settings(lab, k);
            row[1 + k] = preference_kinds[k].goal(at, &s);
            row[1 + PREFERENCE_KINDS + k] = i % 10 == 5 ? least_at(at, &s) : NAN;
        }
        plot_row_values(p, row);
    }
    plot_axes(p, "p: how often the first answer is preferred", "d of least loss");
    plot_line(p, "p", "dpo", "dpo"), plot_line(p, "p", "cdpo", "cdpo");
    plot_line(p, "p", "ipo", "ipo"), plot_line(p, "p", "orpo", "orpo");
    plot_series(p, "using \"p\":\"hinge\" with lines dashtype 2 linecolor \"" PLOT_BLACK
                   "\" title 'hinge'");
    plot_points(p, "p", "dpo_found", "dpo, searched");
    plot_points(p, "p", "cdpo_found", "cdpo, searched");
    plot_points(p, "p", "ipo_found", "ipo, searched");
    plot_points(p, "p", "orpo_found", "orpo, searched");
    plot_end(p);
}

static void run(Lab *lab) {
    claim_goals(lab);
    if (lab_at_defaults(lab)) claim_orpo(lab), claim_sure_labels(lab);
    draw(lab);
}

const LabSpec lab_preference_losses = {"preference-losses", "5.9",
                                       "Where each preference loss wants the margin",
                                       run, options};
