// What it costs not to know the source: V (V - 1) / 2N. Lecture, section 4.2.
//
// A bigram model has V (V - 1) free numbers. Learned from N symbols by KT's rule, it
// loses V (V - 1) / 2N nats per symbol against the truth, on new text; on the text it was
// learned from, the best fit looks better than the truth by as much.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ch04_pretrain/entropy.h"
#include "ch04_pretrain/markov.h"
#include "common/error.h"
#include "common/numeric/fit.h"
#include "common/numeric/mean.h"
#include "common/program/plot.h"

enum { POINTS = 6, FIRST = 1000, MOST_SYMBOLS = 16 };

static const Option options[] = {{"symbols", "8", "symbols of the source"},
                                 {"texts", "400", "texts for each length"},
                                 {0}};

typedef struct {
    double n, excess, error, gain, gain_error, predicted;
} Point;

static void count_pairs(const int *text, int n, int symbols, double *count) {
    for (int i = 1; i < n; i++) count[text[i - 1] * symbols + text[i]]++;
}

// sum_a pi(a) KL(P(.|a) || KT): the expected loss beyond h, exactly.
static double excess_of(const Markov *m, const double *count) {
    double q[MOST_SYMBOLS], excess = 0;
    for (int a = 0; a < m->symbols; a++) {
        kt_estimate(q, count + a * m->symbols, m->symbols);
        excess +=
            m->stationary[a] * divergence(m->rows + a * m->symbols, q, m->symbols);
    }
    return excess;
}

// The truth's loss less the best fit's, on the same text, per symbol: never negative.
static double gain_of(const Markov *m, const double *count, int n) {
    double gain = 0;
    for (int a = 0; a < m->symbols; a++) {
        const double *row = count + a * m->symbols;
        double total = 0;
        for (int b = 0; b < m->symbols; b++) total += row[b];
        for (int b = 0; b < m->symbols; b++)
            if (row[b] > 0)
                gain += row[b] * log(row[b] / total / m->rows[a * m->symbols + b]);
    }
    return gain / (n - 1);
}

static Point measure(const Markov *m, Rng *rng, int n, int texts) {
    Mean excess = {0}, gain = {0};
    int *text = allocate((size_t)n, sizeof *text);
    for (int t = 0; t < texts; t++) {
        double count[MOST_SYMBOLS * MOST_SYMBOLS] = {0};
        automaton_write(&m->automaton, &ALWAYS, rng, text, n);
        count_pairs(text, n, m->symbols, count);
        mean_add(&excess, excess_of(m, count)), mean_add(&gain, gain_of(m, count, n));
    }
    free(text);
    double k = m->symbols * (m->symbols - 1.0);
    return (Point){n,
                   mean_of(excess),
                   mean_error(excess),
                   mean_of(gain),
                   mean_error(gain),
                   k / (2 * (n - 1))};
}

// V (V - 1) / 2N is the first term of a series in 1/N. The next is about the sum over
// pairs of 1 / (12 N^2 pi P) or so: with P >= 0.05 and N >= 4,000 it is below 5 % of it;
// that, and five standard errors.
static void claim_points(Lab *lab, const Point *p) {
    for (int i = 0; i < POINTS; i++) {
        if (p[i].n < 4000) continue;
        char what[80];
        snprintf(what, sizeof what, "KT from %.0f symbols: excess V (V - 1) / 2N",
                 p[i].n);
        claim_near(lab, "4.5", what, p[i].predicted, p[i].excess,
                   5 * p[i].error + 0.05 * p[i].predicted);
        snprintf(what, sizeof what, "best fit to %.0f symbols: gain V (V - 1) / 2N",
                 p[i].n);
        claim_near(lab, "4.6", what, p[i].predicted, p[i].gain,
                   5 * p[i].gain_error + 0.05 * p[i].predicted);
    }
}

static void claim_slope(Lab *lab, const Point *p) {
    double n[POINTS], excess[POINTS], relative[POINTS], error;
    int count = POINTS - 1;
    for (int i = 0; i < count; i++) {
        n[i] = p[i + 1].n, excess[i] = p[i + 1].excess;
        relative[i] = p[i + 1].error / p[i + 1].excess;
    }
    double slope = log_slope(n, excess, relative, count, &error);
    // the 5 % at the first point, next to ln 16, tilt the line by 0.02
    claim_near(lab, "4.7", "excess over 4 octaves: slope -1", -1, slope,
               5 * error + 0.02);
}

// Times 2N, so that V (V - 1) is a level line.
static void draw(Lab *lab, const Point *p) {
    Plot *plot =
        plot_new(lab, "learning_curve", "n excess excess_error gain gain_error k");
    for (int i = 0; i < POINTS; i++) {
        double scale = 2 * (p[i].n - 1);
        plot_row(plot, p[i].n, scale * p[i].excess, scale * p[i].error,
                 scale * p[i].gain, scale * p[i].gain_error, scale * p[i].predicted);
    }
    plot_axes(plot, "N: symbols learned from", "nats per symbol, times 2N");
    plot_set(plot, "logscale x"), plot_set(plot, "xrange [800:40000]");
    plot_set(plot, "yrange [0:*]");
    plot_line(plot, "n", "k", "V (V - 1)");
    plot_errors(plot, "n", "excess", "excess_error", "KT on new text, beyond h");
    plot_errors(plot, "n", "gain", "gain_error",
                "best fit on its own text, below truth");
    plot_end(plot);
}

static void run(Lab *lab) {
    int symbols = (int)option_int(&lab->args, "symbols", 2, MOST_SYMBOLS);
    int texts = (int)option_int(&lab->args, "texts", 20, 100000);
    // rare pairs would need far more text before this holds: none is rarer than 0.4 /
    // V given its first symbol
    Markov m = markov_random(&lab->rng, symbols, 1, 1, 0.4 / symbols);
    Point points[POINTS];
    for (int i = 0; i < POINTS; i++) {
        points[i] = measure(&m, &lab->rng, FIRST << i, texts);
        lab_progress(lab, i + 1, POINTS);
    }
    claim_points(lab, points), claim_slope(lab, points);
    draw(lab, points);
    markov_free(&m);
}

const LabSpec lab_learning_curve = {
    "learning-curve", "4.2", "What it costs not to know the source", run, options};
