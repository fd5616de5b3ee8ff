// RoPE by itself does not decay. Lecture, section 2.7.
//
// Random isotropic q and k: a rotation of k is as random as k, so at every distance the
// scores' variance is d. What decays is the part that the means of q and k make: where
// points have the mean 1, the mean score over d/2 is C(s).
#include <math.h>
#include <stdlib.h>

#include "ch02_attention/decay.h"
#include "ch02_attention/labs/turned.h"
#include "common/error.h"
#include "common/program/plot.h"

enum { DISTANCES = 16, LENGTH = 4097 };
static const int distances[DISTANCES] = {0,  1,   2,   4,   7,    10,   20,   40,
                                         80, 160, 320, 640, 1000, 1600, 2560, 4096};

static const Option options[] = {{"dim", "64", "head dimension"},
                                 {"base", "10000", "base of the angles"},
                                 {"draws", "8000", "random q and k"},
                                 {0}};

typedef struct {
    double mean, mean_error, variance, variance_error;
} Moments;

// At distance s: q at position s, k at 0, rows of q and k beside one another. mean: of
// every point's real part.
static Moments draw_scores(const Position *p, Rng rng, int dim, int draws, int s,
                           double mean) {
    Mat q = mat_new(1, dim), k = mat_new(1, dim);
    double sum = 0, squares = 0;
    for (int i = 0; i < draws; i++) {
        rng_fill_normal(&rng, q, 1), rng_fill_normal(&rng, k, 1);
        for (int j = 0; j < dim; j += 2)
            *mat_at(q, 0, j) += (real)mean, *mat_at(k, 0, j) += (real)mean;
        position_turn(p, q, 1, s, false), position_turn(p, k, 1, 0, true);
        double score = row_dot(q, k);
        sum += score, squares += score * score;
    }
    mat_free(q), mat_free(k);
    double average = sum / draws, variance = squares / draws - average * average;
    // A product of two normal numbers has the fourth moment 9, so a score's kurtosis is
    // 3 + 6/d.
    return (Moments){average, sqrt(variance / draws), variance,
                     variance * sqrt((2 + 6.0 / dim) / draws)};
}

static double worst_error(const double *value, const double *predicted,
                          const double *error) {
    double worst = 0;
    for (int i = 0; i < DISTANCES; i++)
        worst = nan_max(worst, fabs(value[i] - predicted[i]) / error[i]);
    return worst;
}

typedef struct {
    double variance[DISTANCES], variance_error[DISTANCES], one[DISTANCES];  // over d
    double mean[DISTANCES], mean_error[DISTANCES], cosine_sum[DISTANCES];   // over d/2
} Results;

// A stream for each distance and kind: the same numbers for any number of threads.
static void measure(Results *r, const Position *p, const double *theta, const Rng *rng,
                    int dim, int draws) {
    double n = dim / 2.0;
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < 2 * DISTANCES; i++) {
        int at = i / 2;
        Moments m = draw_scores(p, rng_split(rng, (uint64_t)i), dim, draws,
                                distances[at], i % 2);
        if (i % 2) r->mean[at] = m.mean / n, r->mean_error[at] = m.mean_error / n;
        else
            r->variance[at] = m.variance / dim,
            r->variance_error[at] = m.variance_error / dim;
        r->one[at] = 1,
        r->cosine_sum[at] = rope_cosine_sum(theta, dim / 2, distances[at]);
    }
}

static void draw(Lab *lab, const Results *r) {
    Plot *p =
        plot_new(lab, "rope_random",
                 "distance variance variance_error one mean mean_error cosine_sum");
    for (int i = 0; i < DISTANCES; i++)
        plot_row(p, distances[i] + 0.5, r->variance[i], r->variance_error[i], r->one[i],
                 r->mean[i], r->mean_error[i], r->cosine_sum[i]);
    plot_title(p, "RoPE: only the means of q and k decay");
    plot_axes(p, "distance + 1/2", "score / d, score / (d/2)");
    plot_set(p, "logscale x");
    plot_set(p, "xrange [0.4:6000]");
    plot_line(p, "distance", "one", "1");
    plot_line(p, "distance", "cosine_sum", "C(s)");
    plot_errors(p, "distance", "variance", "variance_error",
                "isotropic q, k: variance / d");
    plot_errors(p, "distance", "mean", "mean_error", "q, k of mean 1: mean / (d/2)");
    plot_end(p);
}

static void run(Lab *lab) {
    int dim = (int)option_int(&lab->args, "dim", 2, 1024),
        draws = (int)option_int(&lab->args, "draws", 100, 1000000);
    if (dim % 2)
        die("--dim %d: expected an even number, since RoPE turns numbers in pairs",
            dim);
    double base = option_real(&lab->args, "base", 1, 1e12);
    if (!(base > 1)) die("--base %g: expected a number above 1", base);
    Rope rope = {.dim = dim, .base = base};
    Position p = position_new_rope(rope, LENGTH);
    double *theta = allocate((size_t)dim / 2, sizeof *theta);
    rope_frequencies(theta, &rope);
    Results r;
    measure(&r, &p, theta, &lab->rng, dim, draws);
    // 16 distances each, 5 standard errors: a chance of 2e-5 in all.
    claim_at_most(lab, "2.34", "isotropic q, k: Var/d - 1, largest in s.e.", 5,
                  worst_error(r.variance, r.one, r.variance_error));
    claim_at_most(lab, "2.35", "q, k of mean 1: mean/(d/2) - C(s), largest in s.e.", 5,
                  worst_error(r.mean, r.cosine_sum, r.mean_error));
    int last = DISTANCES - 1;
    // 1 and C(4096) = 0.002 are far apart: 5 standard errors are 0.1 here
    if (dim == 64 && base == 1e4)
        claim_at_most(lab, "2.35", "mean at s = 4096 less the variance there", -0.5,
                      r.mean[last] - r.variance[last]);
    draw(lab, &r);
    position_free(&p);
    free(theta);
}

const LabSpec lab_rope_random = {"rope-random", "2.7", "RoPE has no decay of its own",
                                 run, options};
