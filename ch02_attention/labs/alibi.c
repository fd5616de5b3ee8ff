// ALiBi's slopes, and what a head attends to that has nothing else. Lecture,
// section 2.9.
#include <math.h>
#include <stdio.h>

#include "ch02_attention/alibi.h"
#include "ch02_attention/position.h"
#include "ch02_attention/softmax.h"
#include "common/program/plot.h"

enum { KEYS = 2048, ROWS = 64, SHOWN = 4 };

static const Option options[] = {{"heads", "8", "heads, any number"}, {0}};

static double worst_slope(int heads, const double *exponents) {
    Mat slopes = mat_new(1, heads);
    double worst = 0;
    alibi_slopes(slopes);
    for (int h = 0; h < heads; h++)
        worst = nan_max(worst, fabs(-log2(*mat_at(slopes, 0, h)) - exponents[h]));
    mat_free(slopes);
    return worst;
}

// log2 of a float of relative precision 2^-24 is off by 1.44 2^-24.
static void claim_slopes(Lab *lab) {
    const double eight[] = {1, 2, 3, 4, 5, 6, 7, 8};
    const double twelve[] = {1, 2, 3, 4, 5, 6, 7, 8, 0.5, 1.5, 2.5, 3.5};
    claim_near(lab, "2.50", "8 heads: exponents 1 .. 8, largest difference", 0,
               worst_slope(8, eight), 0x1p-23);
    claim_near(lab, "2.50", "12 heads: 1 .. 8, 0.5, 1.5, 2.5, 3.5", 0,
               worst_slope(12, twelve), 0x1p-23);
}

// -m (i - j) and +m j on the same random scores, causal: weights, largest difference.
// Scores reach m KEYS in one form and the other, rounded by 2^-24 of that, and the
// weights by as much again.
static void claim_shift(Lab *lab, const Position *p, Rng *rng) {
    Mat one = mat_new(ROWS, ROWS), other = mat_new(ROWS, ROWS);
    rng_fill_normal(rng, one, 1);
    double slope = *mat_at(p->parameters, 0, 0), worst = 0;
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < ROWS; j++) {
            if (j > i) *mat_at(one, i, j) = -(real)INFINITY;
            *mat_at(other, i, j) = *mat_at(one, i, j) + (real)(slope * j);
        }
    position_bias(p, 0, one, 0, 0);
    softmax_mat(one), softmax_mat(other);
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < ROWS; j++)
            worst = nan_max(worst, fabs(*mat_at(one, i, j) - *mat_at(other, i, j)));
    claim_near(lab, "2.51", "-mu(i-j) against +mu j: weights, largest difference", 0,
               worst, (4 + 2 * slope * ROWS) * 0x1p-24);
    mat_free(one), mat_free(other);
}

// The last query of KEYS keys, no content: its weights by distance. Freed by the
// caller.
static Mat weights_new(const Position *p, int head) {
    Mat weights = mat_new(1, KEYS);
    position_bias(p, head, weights, KEYS - 1, 0);
    softmax_mat(weights);
    return weights;
}

static double weight_at(Mat weights, int distance) {
    return *mat_at(weights, 0, KEYS - 1 - distance);
}

// Relative error of a weight at distance s: the score m s rounded, e^x 1.1 ulp, the sum
// of 2048 by vectors.
static double weight_error(double slope, int s) { return (slope * s + 40) * 0x1p-24; }

static void claim_geometric(Lab *lab, const Position *p) {
    double worst = 0, furthest = 0, endless = 0;
    for (int h = 0; h < p->spec.heads; h++) {
        Mat weights = weights_new(p, h);
        double slope = *mat_at(p->parameters, 0, h), mean = 0;
        for (int s = 0; s < KEYS; s++) {
            double law = alibi_weight(slope, KEYS, s), weight = weight_at(weights, s);
            mean += s * weight;
            if (law > 1e-30)
                // below, floats flush to 0
                worst = nan_max(worst, fabs(weight / law - 1) / weight_error(slope, s));
        }
        double predicted = alibi_mean_distance(slope, KEYS);
        furthest = nan_max(furthest, fabs(mean / predicted - 1));
        // a window of 12 mean distances holds all but e^-12 of the weight: no
        // truncation to speak of
        if (KEYS * slope > 24)
            endless = nan_max(endless, fabs(mean * expm1(slope) - 1));
        mat_free(weights);
    }
    claim_at_most(lab, "2.52", "weights: error over what rounding allows, largest", 1,
                  worst);
    // weights count up to 30 mean distances before they vanish: m s <= 30 in the error
    // above
    claim_near(lab, "2.52", "mean distance, n keys: measured / predicted - 1", 0,
               furthest, 70 * 0x1p-24);
    // truncated: n / (e^mn - 1) over 1 / (e^m - 1), at mn >= 24 at most 24 e^-24 (1 +
    // m)
    claim_near(lab, "2.53", "steep heads: mean distance x (e^mu - 1) - 1", 0, endless,
               25 * exp(-24) * 2 + 70 * 0x1p-24);
}

static void draw(Lab *lab, const Position *p) {
    Plot *plot = plot_new(lab, "alibi", "distance w1 w2 w3 w4 law1 law2 law3 law4");
    int shown[SHOWN];
    Mat weights[SHOWN];
    for (int i = 0; i < SHOWN; i++) {
        shown[i] = (p->spec.heads - 1) * i / (SHOWN - 1);
        weights[i] = weights_new(p, shown[i]);
    }
    for (int s = 0; s < 200; s++) {
        double row[1 + 2 * SHOWN] = {s};
        for (int i = 0; i < SHOWN; i++) {
            double law = alibi_weight(*mat_at(p->parameters, 0, shown[i]), KEYS, s);
            row[1 + i] = s % 8 == 2 * i && law > 1e-7 ? weight_at(weights[i], s) : NAN;
            row[1 + SHOWN + i] = law > 1e-7 ? law : NAN;
        }
        plot_row_values(plot, row);
    }
    plot_title(plot, "ALiBi without content: a geometric law for each head");
    plot_axes(plot, "distance", "attention weight");
    plot_set(plot, "logscale y");
    plot_set(plot, "yrange [1e-6:1]");
    plot_set(plot, "format y \"10^{%%T}\"");
    for (int i = 0; i < SHOWN; i++) {
        char law[16], title[64];
        snprintf(law, sizeof law, "law%d", i + 1);
        snprintf(title, sizeof title, "slope 2^{%.3g}",
                 log2(*mat_at(p->parameters, 0, shown[i])));
        plot_line(plot, "distance", law, title);
    }
    static const char *const columns[SHOWN] = {"w1", "w2", "w3", "w4"};
    for (int i = 0; i < SHOWN; i++)
        plot_series(plot,
                    "using \"distance\":\"%s\" with points pointtype 7 pointsize 0.7 "
                    "linecolor \"#000000\" %s",
                    columns[i], i ? "notitle" : "title \"softmax of the bias\"");
    plot_end(plot);
    for (int i = 0; i < SHOWN; i++) mat_free(weights[i]);
}

static void run(Lab *lab) {
    int heads = (int)option_int(&lab->args, "heads", 1, 1024);
    Position p = position_new_alibi(heads, (Mat){0});
    Rng rng = lab->rng;
    claim_slopes(lab);
    claim_shift(lab, &p, &rng);
    claim_geometric(lab, &p);
    draw(lab, &p);
    position_free(&p);
}

const LabSpec lab_alibi = {"alibi", "2.9", "ALiBi: a penalty in proportion to distance",
                           run, options};
