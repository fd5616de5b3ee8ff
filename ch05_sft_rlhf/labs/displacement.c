// Likelihood displacement: the chosen answer may become less likely. Lecture, section
// 5.9.
//
// Three answers with features w (1, .2), l (1, -.2), o (0, 2); ln pi is linear in them.
// The difference w - l is (0, .4), so a step raises what has the second feature: o most
// of all.
#include <math.h>

#include "ch03_transformer/labs/defaults.h"
#include "ch05_sft_rlhf/optimal_policy.h"
#include "ch05_sft_rlhf/preference_loss.h"
#include "common/program/plot.h"

static const Option options[] = {{"steps", "3000", "of gradient descent"},
                                 {"rate", "0.2", "its learning rate"},
                                 {"beta", "1", "of the DPO loss"},
                                 {0}};

enum { ANSWERS = 3, FEATURES = 2, CHOSEN = 0, REJECTED = 1, OTHER = 2 };
static const double features[ANSWERS][FEATURES] = {{1, 0.2}, {1, -0.2}, {0, 2}};

static void policy_of(double *log_p, const double *theta) {
    for (int y = 0; y < ANSWERS; y++) {
        log_p[y] = 0;
        for (int k = 0; k < FEATURES; k++) log_p[y] += features[y][k] * theta[k];
    }
    double sum = log_sum(log_p, ANSWERS);
    for (int y = 0; y < ANSWERS; y++) log_p[y] -= sum;
}

// The reference is uniform: theta = 0.
static void step(double *theta, const PreferenceSettings *s, double rate) {
    double log_p[ANSWERS];
    policy_of(log_p, theta);
    double slope = preference_loss(log_p[CHOSEN] - log_p[REJECTED], s).slope;
    for (int k = 0; k < FEATURES; k++)
        theta[k] -= rate * slope * (features[CHOSEN][k] - features[REJECTED][k]);
}

// ln pi of the step's first move: (.08, -.08, .8) c with c = rate beta / 2.
static void claim_first_step(Lab *lab, const PreferenceSettings *s, double rate) {
    const double expected[ANSWERS] = {0.08, -0.08, 0.8};
    double theta[FEATURES] = {0}, worst = 0, c = rate * s->beta / 2, log_p[ANSWERS];
    step(theta, s, rate), policy_of(log_p, theta);
    double logits[ANSWERS] = {expected[0] * c, expected[1] * c, expected[2] * c},
           sum = log_sum(logits, ANSWERS);
    for (int y = 0; y < ANSWERS; y++)
        worst = nan_max(worst, fabs(log_p[y] - logits[y] + sum));
    claim_near(lab, "5.83", "first step: logits less (.08, -.08, .8) c, largest", 0,
               worst, 1e-15 * (1 + c));
    claim_at_least(lab, "5.83", "and ln p of the chosen answer falls by", 0,
                   log(1.0 / ANSWERS) - log_p[CHOSEN]);
}

typedef struct {
    double log_p[ANSWERS], reward;
    double worst;    // of the identity
    double highest;  // mean implicit reward
    int rises;       // of the chosen answer's probability
} Track;

static void follow(Track *t, const double *theta, const double *ref) {
    double before = t->log_p[CHOSEN], ratios[ANSWERS];
    policy_of(t->log_p, theta);
    for (int y = 0; y < ANSWERS; y++) ratios[y] = t->log_p[y] - ref[y];
    t->reward = policy_mean(ref, ratios, ANSWERS);
    t->worst = nan_max(t->worst, fabs(t->reward + policy_kl(ref, t->log_p, ANSWERS)));
    t->highest = fmax(t->highest, t->reward);
    t->rises += t->log_p[CHOSEN] >= before;
}

static void claim(Lab *lab, const Track *t) {
    claim_equal(lab, "5.84", "steps in which the chosen answer became likelier", 0,
                t->rises);
    claim_at_least(lab, "5.84", "at the end, the margin ln p(chosen) - ln p(rejected)",
                   0, t->log_p[CHOSEN] - t->log_p[REJECTED]);
    // sums of three numbers below 10
    claim_near(lab, "5.85", "mean of ln (pi / ref) under ref + KL(ref || pi)", 0,
               t->worst, 1e-13);
    claim_at_most(lab, "5.85", "so the mean implicit reward of fresh answers: highest",
                  0, t->highest);
}

static void run(Lab *lab) {
    int steps = (int)option_int(&lab->args, "steps", 1, 100000000);
    double rate = option_real(&lab->args, "rate", 1e-6, 1e3);
    PreferenceSettings s = {PREFERENCE_DPO, option_real(&lab->args, "beta", 1e-3, 100),
                            0};
    double theta[FEATURES] = {0}, ref[ANSWERS];
    Track t = {.highest = -INFINITY};
    policy_of(ref, theta), policy_of(t.log_p, theta);
    claim_first_step(lab, &s, rate);
    Plot *p =
        plot_new(lab, "displacement", "step chosen rejected other implicit_reward");
    for (int i = 1, next = 1; i <= steps; i++) {
        step(theta, &s, rate), follow(&t, theta, ref);
        if (i < next && i < steps) continue;
        plot_row(p, i, exp(t.log_p[CHOSEN]), exp(t.log_p[REJECTED]),
                 exp(t.log_p[OTHER]), s.beta * t.reward);
        next += next / 8 + 1;
    }
    if (lab_at_defaults(lab)) claim(lab, &t);
    plot_axes(p, "step", "probability");
    plot_set(p, "logscale x"), plot_set(p, "yrange [0:1]");
    plot_line(p, "step", "chosen", "chosen");
    plot_line(p, "step", "rejected", "rejected");
    plot_line(p, "step", "other", "the answer nobody was asked about");
    plot_end(p);
}

const LabSpec lab_displacement = {
    "displacement", "5.9", "The chosen answer may become less likely", run, options};
