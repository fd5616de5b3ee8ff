// Why attention at all: counted costs, and the gradient that reaches far back. Lecture,
// section 2.1.
#include "ch02_attention/why_attention.h"

#include <math.h>
#include <stdlib.h>

#include "common/error.h"
#include "common/program/plot.h"

static const Option options[] = {
    {"tokens", "128", "N, of the counts"},
    {"dim", "8", "d"},
    {"kernel", "5", "w, the width of the convolution"},
    {"steps", "200", "how far back gradients are followed"},
    {0}};

enum { STATE = 24, DRAWS = 400 };

static void claim_counts(Lab *lab, int n, int d, int kernel) {
    LayerCount a = count_attention(n, d), r = count_recurrence(n, d),
               c = count_convolution(n, d, kernel);
    int layers = (n - 1 + kernel - 2) / (kernel - 1);
    lab_print(lab, "N = %d, d = %d, w = %d %16s %8s %8s %8s", n, d, kernel,
              "multiply-adds", "layers", "steps", "path");
    const LayerCount all[] = {a, r, c};
    const char *const names[] = {"self-attention", "recurrence", "convolution"};
    for (int i = 0; i < 3; i++)
        lab_print(lab, "%-24s %15lld %8d %8d %8d", names[i], all[i].multiply_adds,
                  all[i].layers, all[i].steps, all[i].path);
    claim_equal(lab, "2.61", "self-attention: multiply-adds 2 N^2 d", 2LL * n * n * d,
                a.multiply_adds);
    claim_equal(lab, "2.61", "recurrence: N d^2", (long long)n * d * d,
                r.multiply_adds);
    claim_equal(lab, "2.61", "convolution: w N d^2 per layer",
                (long long)kernel * n * d * d * layers, c.multiply_adds);
    claim_equal(lab, "2.62", "self-attention: steps one after the other", 1, a.steps);
    claim_equal(lab, "2.62", "recurrence: N", n, r.steps);
    claim_equal(lab, "2.62", "convolution: ceil((N-1)/(w-1))", layers, c.steps);
    claim_equal(lab, "2.63", "self-attention: longest path", 1, a.path);
    claim_equal(lab, "2.63", "recurrence: N - 1", n - 1, r.path);
    claim_equal(lab, "2.63", "convolution: ceil((N-1)/(w-1))", layers, c.path);
}

// Norms of attention's gradients over draws, and one half of the distances against the
// other.
typedef struct {
    double *mean;  // of each distance
    // mean of the nearer and the farther half; standard error of their difference
    double near, far, error;
    double off;  // the largest |sum over distances - 1|
} Attended;

static Attended attended(const Rng *rng, int T) {
    Attended a = {allocate((size_t)T, sizeof(double)), 0, 0, 0, 0};
    double *norms = allocate((size_t)T * DRAWS, sizeof *norms), squares = 0;
#pragma omp parallel for
    for (int draw = 0; draw < DRAWS; draw++) {
        Rng own = rng_split(rng, (uint64_t)draw);
        attention_gradient_norms(norms + (size_t)draw * T, T, STATE, &own);
    }
    for (int draw = 0; draw < DRAWS; draw++) {
        double near = 0, far = 0;
        for (int s = 0; s < T; s++) {
            double x = norms[(size_t)draw * T + s];
            a.mean[s] += x / DRAWS;
            if (s < T / 2) near += x;
            if (s >= T - T / 2) far += x;
        }
        a.near += near / DRAWS, a.far += far / DRAWS,
            squares += (far - near) * (far - near);
        double middle = T % 2 ? norms[(size_t)draw * T + T / 2] : 0;
        a.off = nan_max(a.off, fabs(near + far + middle - 1));
    }
    a.error = sqrt(squares / DRAWS / DRAWS);
    free(norms);
    return a;
}

static const double rhos[] = {0.9, 0.99, 1.05};
enum { RHOS = sizeof rhos / sizeof *rhos, GROWS = RHOS - 1 };

// Norms of recurrences' gradients, by distance.
typedef struct {
    double *linear[RHOS], *bent;  // bent: by tanh, with the rho that grows
    double worst;                 // |linear / rho^s - 1|, the largest
    double excess;                // bent / rho^s - 1, the largest
} Recurrent;

static Recurrent recurrent(const Rng *rng, int steps) {
    size_t size = (size_t)steps + 1;
    Recurrent r = {.bent = allocate(size, sizeof(double)), .excess = -INFINITY};
    for (int i = 0; i < RHOS; i++) {
        Rng own = rng_split(rng, (uint64_t)i);
        r.linear[i] = allocate(size, sizeof(double));
        rnn_gradient_norms(r.linear[i], steps, STATE, rhos[i], true, &own);
        for (int s = 0; s <= steps; s++)
            r.worst = nan_max(r.worst, fabs(r.linear[i][s] / pow(rhos[i], s) - 1));
        if (i == GROWS) rnn_gradient_norms(r.bent, steps, STATE, rhos[i], false, &own);
    }
    for (int s = 1; s <= steps; s++)
        r.excess = nan_max(r.excess, r.bent[s] / pow(rhos[GROWS], s) - 1);
    return r;
}

static void claim_gradients(Lab *lab, const Recurrent *r, const Attended *a,
                            int steps) {
    // Each step rounds sums of STATE products: at most 2 STATE 2^-53 of the norm.
    double rounding = 2.0 * STATE * (steps + 1) * 0x1p-53;
    claim_near(lab, "2.64", "linear RNN: |gradient| / rho^s - 1, worst", 0, r->worst,
               rounding);
    claim_at_most(lab, "2.64", "tanh RNN, rho = 1.05: the same, at most", rounding,
                  r->excess);
    // Weights of float: T of them, each within 3 ulps, and their sum's own roundings.
    claim_near(lab, "2.65", "attention: gradients of all distances add up to 1", 1,
               1 + a->off, (steps + 8) * 0x1p-24);
    claim_near(lab, "2.66", "attention: far half - near half of them", 0,
               a->far - a->near, 5 * a->error);
}

static void draw_lines(Plot *p) {
    plot_line(p, "distance", "law_low", "0.9^s");
    plot_line(p, "distance", "law_mid", "0.99^s");
    plot_line(p, "distance", "law_high", "1.05^s");
    plot_line(p, "distance", "uniform", "1/N");
}

// Points of one column: a line of gnuplot's each.
static void draw_points(Plot *p) {
    plot_series(p,
                "using \"distance\":\"rnn_low\" every 8 with points pointtype 7 "
                "pointsize 0.7 linecolor "
                "\"#444444\" title \"linear RNNs\"");
    plot_series(p,
                "using \"distance\":\"rnn_mid\" every 8 with points pointtype 7 "
                "pointsize 0.7 linecolor "
                "\"#444444\" notitle");
    plot_series(p,
                "using \"distance\":\"rnn_high\" every 8 with points pointtype 7 "
                "pointsize 0.7 linecolor "
                "\"#444444\" notitle");
    plot_series(p,
                "using \"distance\":\"tanh\" every 8 with points pointtype 5 pointsize "
                "0.7 linecolor \"#d55e00\" "
                "title \"tanh RNN, rho = 1.05\"");
    plot_series(p,
                "using \"distance\":\"attention\" every 4 with points pointtype 9 "
                "pointsize 0.9 linecolor "
                "\"#0072b2\" title \"attention, mean\"");
}

static void draw(Lab *lab, const Recurrent *r, const Attended *a, int steps) {
    Plot *p = plot_new(lab, "why_attention",
                       "distance rnn_low rnn_mid rnn_high law_low law_mid law_high "
                       "tanh attention uniform");
    for (int s = 0; s <= steps; s++)
        plot_row(p, s, r->linear[0][s], r->linear[1][s], r->linear[2][s],
                 pow(rhos[0], s), pow(rhos[1], s), pow(rhos[2], s), r->bent[s],
                 a->mean[s], 1.0 / (steps + 1));
    plot_title(p, "The gradient that reaches a token s steps back");
    plot_axes(p, "s: steps back", "size of the gradient that arrives");
    plot_set(p, "logscale y"), plot_set(p, "format y \"10^{%%T}\"");
    plot_set(p, "yrange [1e-12:1e6]");
    draw_lines(p), draw_points(p);
    plot_end(p);
}

static void run(Lab *lab) {
    int n = (int)option_int(&lab->args, "tokens", 2, 1024),
        d = (int)option_int(&lab->args, "dim", 1, 64),
        kernel = (int)option_int(&lab->args, "kernel", 2, 64),
        steps = (int)option_int(&lab->args, "steps", 2, 1000);
    claim_counts(lab, n, d, kernel);
    Recurrent r = recurrent(&lab->rng, steps);
    Rng own = rng_split(&lab->rng, RHOS);
    Attended a = attended(&own, steps + 1);
    claim_gradients(lab, &r, &a, steps);
    draw(lab, &r, &a, steps);
    for (int i = 0; i < RHOS; i++) free(r.linear[i]);
    free(r.bent), free(a.mean);
}

const LabSpec lab_why_attention = {
    "why-attention", "2.1", "How far news travels: recurrence, convolution, attention",
    run, options};
