// DPO from a finite number of pairs: how far from pi*. Lecture, section 5.9.
//
// Ten answers, a policy with a logit for each, n pairs drawn from the reference and
// labelled by Bradley-Terry. The policy of least loss has implicit rewards that are off
// by some n^(-1/2).
#include <math.h>
#include <string.h>

#include "ch03_transformer/labs/defaults.h"
#include "ch05_sft_rlhf/preference_loss.h"
#include "common/numeric/fit.h"
#include "common/numeric/logistic.h"
#include "common/numeric/mean.h"
#include "common/program/plot.h"

static const Option options[] = {
    {"runs", "20", "of each number of pairs"}, {"beta", "0.5", "of the loss"}, {0}};

enum { ANSWERS = 10, SIZES = 4, SWEEPS = 400 };
static const int sizes[SIZES] = {1000, 4000, 16000, 64000};

typedef struct {
    double reward[ANSWERS];
    double wins[ANSWERS][ANSWERS];  // how often i was preferred to j, over all pairs
} Problem;

static double chance(const Problem *p, int i, int j) {
    return logistic(p->reward[i] - p->reward[j]);
}

// The reference is uniform.
static void draw_pairs(Problem *p, int pairs, Rng *rng) {
    memset(p->wins, 0, sizeof p->wins);
    for (int n = 0; n < pairs; n++) {
        int i = rng_below(rng, ANSWERS), j = rng_below(rng, ANSWERS - 1);
        j += j >= i;
        bool first = rng_uniform(rng) < chance(p, i, j);
        p->wins[first ? i : j][first ? j : i] += 1.0 / pairs;
    }
}

static void whole_population(Problem *p) {
    for (int i = 0; i < ANSWERS; i++)
        for (int j = 0; j < ANSWERS; j++) p->wins[i][j] = i == j ? 0 : chance(p, i, j);
}

// Log-ratios h of least loss, answer by answer by Newton's method: the loss is convex.
static void fit(double *h, const Problem *p, const PreferenceSettings *s) {
    memset(h, 0, ANSWERS * sizeof *h);
    for (int sweep = 0; sweep < SWEEPS; sweep++)
        for (int i = 0; i < ANSWERS; i++) {
            double slope = 0, curve = 1e-12;
            for (int j = 0; j < ANSWERS; j++) {
                if (j == i) continue;
                double d = h[i] - h[j], won = p->wins[i][j], lost = p->wins[j][i];
                slope += won * preference_loss(d, s).slope
                         - lost * preference_loss(-d, s).slope;
                double sigma = logistic(s->beta * d);
                curve += (won + lost) * s->beta * s->beta * sigma * (1 - sigma);
            }
            h[i] -= slope / curve;
        }
}

// Root mean square of implicit less true rewards, both less their means.
static double reward_error(const double *h, const Problem *p, double beta) {
    double mean = 0, squares = 0;
    for (int y = 0; y < ANSWERS; y++) mean += (beta * h[y] - p->reward[y]) / ANSWERS;
    for (int y = 0; y < ANSWERS; y++)
        squares += pow(beta * h[y] - p->reward[y] - mean, 2) / ANSWERS;
    return sqrt(squares);
}

static void run(Lab *lab) {
    int runs = (int)option_int(&lab->args, "runs", 2, 100000);
    PreferenceSettings s = {PREFERENCE_DPO, option_real(&lab->args, "beta", 0.01, 100),
                            0};
    Problem p;
    double h[ANSWERS], x[SIZES], y[SIZES], errors[SIZES], slope_error;
    for (int i = 0; i < ANSWERS; i++) p.reward[i] = rng_normal(&lab->rng);
    whole_population(&p), fit(h, &p, &s);
    // Newton's method has come to rest: rounding of a convex minimum
    claim_near(lab, "5.76", "all pairs with their chances: error of beta h as a reward",
               0, reward_error(h, &p, s.beta), 1e-9);
    Plot *plot = plot_new(lab, "dpo_optimum", "pairs error sd law");
    for (int k = 0; k < SIZES; k++) {
        Mean found = {0};
        for (int r = 0; r < runs; r++) {
            Rng rng = rng_split(&lab->rng, (uint64_t)(k * runs + r));
            draw_pairs(&p, sizes[k], &rng), fit(h, &p, &s);
            mean_add(&found, reward_error(h, &p, s.beta));
        }
        x[k] = sizes[k], y[k] = mean_of(found), errors[k] = mean_error(found) / y[k];
        plot_row(plot, x[k], y[k], mean_error(found), y[0] * sqrt(x[0] / x[k]));
        lab_progress(lab, k + 1, SIZES);
    }
    double slope = log_slope(x, y, errors, SIZES, &slope_error);
    // at 1,000 pairs the error still has a term of order 1 / n: some 2 % of it
    if (lab_at_defaults(lab))
        claim_near(lab, "5.77", "finite n: exponent of the error", -0.5, slope,
                   5 * slope_error + 0.01);
    plot_axes(plot, "pairs", "rms error of the implicit reward");
    plot_set(plot, "logscale xy");
    plot_line(plot, "pairs", "law", "n^{-1/2}");
    plot_errors(plot, "pairs", "error", "sd", "mean of 20 runs");
    plot_end(plot);
}

const LabSpec lab_dpo_optimum = {"dpo-optimum", "5.9", "What DPO learns from n pairs",
                                 run, options};
