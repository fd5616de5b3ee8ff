// xPos, RoPE that also shrinks with distance. Lecture, section 2.9.
//
// Scores of turned vectors against the formula; what happens to the jitter that RoPE
// keeps for ever.
#include <math.h>
#include <stdlib.h>

#include "ch02_attention/decay.h"
#include "ch02_attention/labs/turned.h"
#include "ch02_attention/xpos.h"
#include "common/error.h"
#include "common/program/plot.h"

enum { MOST = 4096 };

static const Option options[] = {
    {"dim", "128", "head dimension"}, {"base", "10000", "base of the angles"}, {0}};

static double step_size(const double *x, int from, int to) {
    double sum = 0;
    for (int s = from; s < to; s++) sum += (x[s + 1] - x[s]) * (x[s + 1] - x[s]);
    return sqrt(sum / (to - from));
}

// As rope_jitter, each angle faded: (2/n^2) sum_i sin^2(theta_i/2) <zeta_i^(2s/512)>,
// and the fading's own step.
static double predicted_step(const double *theta, int dim, int from, int to) {
    double sum = 0;
    for (int s = from; s < to; s++)
        for (int i = 0; i < dim / 2; i++) {
            double zeta = pow(xpos_zeta(dim, i), 1 / XPOS_SCALE), size = pow(zeta, s);
            // |zeta e^(i theta) - 1|^2 / 2: the mean square of Re z^s (z - 1), |z| =
            // zeta, over a turn
            double square = (1 - zeta * cos(theta[i])) * (1 - zeta * cos(theta[i]))
                            + zeta * sin(theta[i]) * zeta * sin(theta[i]);
            sum += size * size * square / 2;
        }
    return sqrt(sum / (to - from)) / (dim / 2);
}

static void claim_scores(Lab *lab, const Position *p, Mat q, const double *measured,
                         const double *formula) {
    double worst = 0, n = q.cols / 2.0;
    for (int s = 0; s <= MOST; s++)
        worst = nan_max(worst, fabs(measured[s] / n - formula[s]));
    claim_near(lab, "2.48", "turned vectors: score/(d/2) - C_x(s), largest", 0, worst,
               2 * TURN_ERROR);
    // The same distance further on: the middle from which positions are counted is
    // nothing to the score.
    Mat later = mat_new(1, q.cols), key = mat_new(1, q.cols);
    double drift = 0;
    for (int m = 1; m + 64 <= MOST; m *= 2) {
        mat_copy(later, q), mat_copy(key, q);
        position_turn(p, later, 1, m + 64, false), position_turn(p, key, 1, m, true);
        drift = nan_max(drift, fabs(row_dot(later, key) - measured[64]) / n);
    }
    claim_near(lab, "2.48", "both positions moved: drift of a score/(d/2)", 0, drift,
               2 * TURN_ERROR);
    mat_free(later), mat_free(key);
}

static void claim_jitter(Lab *lab, int dim, double base, const double *theta,
                         const double *formula, const double *rope) {
    double ratio = step_size(formula, 2048, MOST) / step_size(rope, 2048, MOST);
    // the 5 % and the two numbers below are of these
    if (dim != 128 || base != 1e4) return;
    // Until then the fast angles dominate, whose squares average over 768 distances to
    // some per cent (gap 0.13: 1/50).
    claim_near(lab, "2.49", "rms of C_x(s+1) - C_x(s), s in [256, 1024)",
               predicted_step(theta, dim, 256, 1024), step_size(formula, 256, 1024),
               0.05 * predicted_step(theta, dim, 256, 1024));
    int rises = 0;
    for (int s = 2048; s < MOST - 1; s++) rises += formula[s + 1] > formula[s];
    claim_at_most(lab, "2.49", "s in [2048, 4096): the same over RoPE's", 0.01, ratio);
    claim_equal(lab, "2.49", "still not monotone: rises among those 2047 steps", 604,
                rises);
}

static void draw(Lab *lab, double n, const double *measured, const double *formula,
                 const double *rope) {
    Plot *p = plot_new(lab, "xpos", "distance rope xpos measured");
    for (int s = 0; s <= MOST; s++)
        plot_row(p, s, rope[s], formula[s], measured[s] / n);
    plot_title(p, "xPos: the jitter fades");
    plot_axes(p, "distance s", "score / (d/2)");
    plot_set(p, "logscale x");
    plot_set(p, "xrange [1:%d]", MOST);
    plot_series(p,
                "using \"distance\":\"rope\" with lines linewidth 0.5 linecolor "
                "\"#0072b2\" title \"RoPE, C(s)\"");
    plot_series(p,
                "using \"distance\":\"xpos\" with lines linewidth 2 linecolor "
                "\"#d55e00\" title \"xPos, C_x(s)\"");
    // six points an octave
    plot_series(p,
                "using \"distance\":(floor(6 * log(column(1) + 0.5) / log(2)) != "
                "floor(6 * log(column(1) - 0.5) / log(2)) ? column(4) : NaN) "
                "with points pointtype 7 pointsize 0.8 linecolor \"#000000\" title "
                "\"turned vectors\"");
    plot_end(p);
}

static void run(Lab *lab) {
    int dim = (int)option_int(&lab->args, "dim", 2, 1024);
    if (dim % 2)
        die("--dim %d: expected an even number, since xPos turns numbers in pairs",
            dim);
    double base = option_real(&lab->args, "base", 1, 1e12);
    if (!(base > 1)) die("--base %g: expected a number above 1", base);
    Position p = position_new_xpos(dim, MOST + 1, base, ROPE_INTERLEAVED);
    double *theta = allocate((size_t)dim / 2, sizeof *theta);
    rope_frequencies(theta, &(Rope){.dim = dim, .base = base});
    Mat q = mat_new(1, dim);
    Rng rng = lab->rng;
    fill_unit_points(&rng, q, ROPE_INTERLEAVED);
    double *measured = allocate(MOST + 1, sizeof *measured),
           *formula = allocate(MOST + 1, sizeof *formula);
    double *rope = allocate(MOST + 1, sizeof *rope);
    scores_by_distance(measured, MOST + 1, &p, q, q);
#pragma omp parallel for
    for (int s = 0; s <= MOST; s++) {
        formula[s] = xpos_cosine_sum(theta, dim, s);
        rope[s] = rope_cosine_sum(theta, dim / 2, s);
    }
    claim_scores(lab, &p, q, measured, formula);
    claim_jitter(lab, dim, base, theta, formula, rope);
    draw(lab, dim / 2.0, measured, formula, rope);
    free(measured), free(formula), free(rope), free(theta);
    mat_free(q), position_free(&p);
}

const LabSpec lab_xpos = {"xpos", "2.9", "xPos: RoPE that fades", run, options};
