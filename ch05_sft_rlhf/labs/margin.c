// What a margin does to rewards. Lecture, section 5.4.
//
// For one pair of answers everything is exact: the best difference Delta* in closed form,
// against the minimum of the expected loss. Then labels are drawn, and a difference is
// trained on them: it says more than it has seen.
#include <math.h>

#include "ch05_sft_rlhf/bradley_terry.h"
#include "common/program/plot.h"

enum { SHARES = 4, POINTS = 33 };
static const double SHARE[SHARES] = {0.3, 0.6, 0.75, 0.9};

static const Option options[] = {{"labels", "20000", "choices to train on"},
                                 {"p", "0.75", "share of choices that the first wins"},
                                 {"margin", "1", "asked for in training"},
                                 {"most", "4", "largest margin in the figure"},
                                 {0}};

// The expected loss's slope at delta.
static double slope_at(double delta, double p, double margin) {
    return p * bradley_terry_slope(delta, margin)
           - (1 - p) * bradley_terry_slope(-delta, margin);
}

// Where that is 0, by bisection: the loss is convex, so its slope rises.
static double bisect(double p, double margin) {
    double low = -100, high = 100;
    for (int i = 0; i < 100; i++) {
        double middle = (low + high) / 2;
        *(slope_at(middle, p, margin) < 0 ? &low : &high) = middle;
    }
    return (low + high) / 2;
}

static void claim_closed_form(Lab *lab) {
    double worst = 0;
    for (int s = 0; s < SHARES; s++)
        for (double m = 0; m < 8; m += 0.25)
            worst = nan_max(
                worst, fabs(bradley_terry_optimum(SHARE[s], m) - bisect(SHARE[s], m)));
    // The slope is known to 1e-16, and its own slope is at least e^-m / 10 here: 2e-12.
    claim_near(lab, "5.23", "Delta*: closed form less bisection, worst", 0, worst,
               1e-11);
}

static void claim_ends(Lab *lab, double p) {
    const double h = 1e-4, far = 25;
    double start = (bradley_terry_optimum(p, h) - bradley_terry_optimum(p, 0)) / h;
    // a one-sided difference: off by h/2 times the second derivative, below 1
    claim_near(lab, "5.24", "dDelta*/dm at m = 0: 2p - 1", 2 * p - 1, start, h);
    double ahead = bradley_terry_optimum(p, far) - far;
    // the root's second term, of the size e^-2m
    if (p > 0.5)
        claim_near(lab, "5.24", "Delta* - m, m = 25: ln((2p - 1) / (1 - p))",
                   log((2 * p - 1) / (1 - p)), ahead, 1e-12);
}

// Gradient descent on the labels' mean loss: nothing of the closed form.
static double train(double wins, double labels, double margin) {
    double delta = 0;
    for (int i = 0; i < 5000; i++) delta -= slope_at(delta, wins / labels, margin);
    return delta;
}

static void claim_trained(Lab *lab, double p, double margin, double labels) {
    double wins = 0;
    for (int i = 0; i < (int)labels; i++) wins += rng_uniform(&lab->rng) < p;
    double plain = train(wins, labels, 0), asked = train(wins, labels, margin);
    double said = logistic(bradley_terry_optimum(p, margin)), h = 1e-5;
    double error = sqrt(p * (1 - p) / labels);
    // how far the answer moves with the share that was seen
    double moves = (logistic(bradley_terry_optimum(p + h, margin))
                    - logistic(bradley_terry_optimum(p - h, margin)))
                   / (2 * h);
    lab_print(lab,
              "%g labels, of which %.4f are wins; with margin %g the model says %.4f",
              labels, wins / labels, margin, logistic(asked));
    claim_near(lab, "5.25", "trained without margin: sigma(Delta) = p", p,
               logistic(plain), 5 * error);
    claim_near(lab, "5.25", "trained with it: sigma(Delta*)", said, logistic(asked),
               5 * error * moves);
    // (half of what is derived: p itself, five standard errors away, would fail)
    if (fabs(said - p) > 10 * error)
        claim_at_least(lab, "5.26", "it is over-confident: |sigma(Delta) - 1/2|",
                       fabs(p - 0.5) + fabs(said - p) / 2, fabs(logistic(asked) - 0.5));
}

static void draw(Lab *lab, double most) {
    Plot *p = plot_new(lab, "margin", "margin d30 d60 d75 d90 m30 m60 m75 m90");
    for (int i = 0; i < POINTS; i++) {
        double m = most * i / (POINTS - 1), row[1 + 2 * SHARES] = {m};
        for (int s = 0; s < SHARES; s++) {
            row[1 + s] = bradley_terry_optimum(SHARE[s], m);
            row[1 + SHARES + s] = i % 4 ? NAN : bisect(SHARE[s], m);
        }
        plot_row_values(p, row);
    }
    plot_axes(p, "margin m", "best difference of rewards");
    static const char *const columns[] = {"30", "60", "75", "90"};
    for (int s = 0; s < SHARES; s++) {
        char y[8], title[32];
        snprintf(y, sizeof y, "d%s", columns[s]);
        snprintf(title, sizeof title, "p = %g", SHARE[s]);
        plot_line(p, "margin", y, title);
        snprintf(y, sizeof y, "m%s", columns[s]);
        plot_points(p, "margin", y, s ? "" : "least expected loss");
    }
    plot_set(p, "key left top");
    plot_end(p);
}

static void run(Lab *lab) {
    double p = option_real(&lab->args, "p", 0.01, 0.99),
           margin = option_real(&lab->args, "margin", 0, 20),
           labels = (double)option_int(&lab->args, "labels", 100, 100000000);
    claim_closed_form(lab);
    claim_ends(lab, p);
    claim_trained(lab, p, margin, labels);
    draw(lab, option_real(&lab->args, "most", 0.1, 20));
}

const LabSpec lab_margin = {"margin", "5.4", "What a margin does to rewards", run,
                            options};
