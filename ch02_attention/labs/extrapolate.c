// Between the trained positions, and beyond them. Lecture, section 2.8.
//
// First figure: position interpolation reads scores between two whole distances. The
// published bound on how far they are from the straight line is false; a query chosen
// against it shows that, and stays below the corrected one.
//
// Second figure: a head has learned scores on distances 0 .. L-1 (least squares in what
// each encoding can express), and is then asked for distances up to 4 L.
#include <math.h>
#include <stdlib.h>

#include "ch02_attention/alibi.h"
#include "ch02_attention/decay.h"
#include "ch02_attention/interpolation.h"
#include "ch02_attention/labs/turned.h"
#include "ch02_attention/t5_buckets.h"
#include "ch02_attention/xpos.h"
#include "common/error.h"
#include "common/numeric/fit.h"
#include "common/numeric/least_squares.h"
#include "common/program/plot.h"

static const double BASE = 10000;
// QR is singular in double at d = 128
enum { DIM = 16, TRAINED = 256, STRETCH = 4, FURTHEST = STRETCH * TRAINED };
enum { S1 = 10, STEPS = 16, RANDOM = 200, DRAWS = 9, BUCKETS = 32, LAST_BUCKET = 128 };
static const double SLOPE = 1.0 / 16, NOISE = 0.5, RIDGE = 1;

// ---- between: deviation from the straight line

// a(s1 + f) - line at f = 0, 1/STEPS .. 1. PI by STEPS makes fractions of a position
// whole ones.
static void deviations(double *deviation, const Position *fine, Mat q, Mat k) {
    double scores[(S1 + 1) * STEPS + 1];
    scores_by_distance(scores, (S1 + 1) * STEPS + 1, fine, q, k);
    const double *a = scores + S1 * STEPS;
    for (int f = 0; f <= STEPS; f++)
        deviation[f] = a[f] - (a[0] + (a[STEPS] - a[0]) * f / STEPS);
}

static Position fine_positions(int dim) {
    return position_new_rope(
        (Rope){.dim = dim, .base = BASE, .scaling = ROPE_SCALING_PI, .factor = STEPS},
        (S1 + 1) * STEPS + 1);
}

static void adversary(Mat q, Mat k, const double *theta) {
    mat_fill(k, 0);
    for (int j = 0; j < q.cols / 2; j++) {  // h_j = e^(-i (s1 + 1/2) theta_j), k = 1
        *mat_at(q, 0, 2 * j) = (real)cos((S1 + 0.5) * theta[j]);
        *mat_at(q, 0, 2 * j + 1) = (real)-sin((S1 + 0.5) * theta[j]);
        *mat_at(k, 0, 2 * j) = 1;
    }
}

// The largest |deviation| of random h with |h_j| <= 1 over the corrected bound.
static double random_ratio(const Position *fine, Rng *rng, int dim) {
    Mat q = mat_new(1, dim), k = mat_new(1, dim);
    double deviation[STEPS + 1], worst = 0;
    for (int j = 0; j < dim; j += 2) *mat_at(k, 0, j) = 1;
    for (int r = 0; r < RANDOM; r++) {
        fill_unit_points(rng, q, ROPE_INTERLEAVED);
        deviations(deviation, fine, q, k);
        for (int f = 1; f < STEPS; f++)
            worst =
                nan_max(worst, fabs(deviation[f])
                                   / interpolation_bound(BASE, dim, (double)f / STEPS));
    }
    mat_free(q), mat_free(k);
    return worst;
}

static void claim_between(Lab *lab, Rng *rng, int dim, const char *published,
                          const char *corrected) {
    Position fine = fine_positions(dim);
    Mat q = mat_new(1, dim), k = mat_new(1, dim);
    double *theta = allocate((size_t)dim / 2, sizeof *theta), deviation[STEPS + 1];
    rope_frequencies(theta, &(Rope){.dim = dim, .base = BASE});
    adversary(q, k, theta);
    deviations(deviation, &fine, q, k);
    double middle = deviation[STEPS / 2],
           bound = interpolation_bound_published(BASE, dim, 0.5);
    // of three scores; q's own points are rounded
    double rounding = 3 * TURN_ERROR * (dim / 2.0);
    claim_near(lab, "2.38", published,
               interpolation_adversary_deviation(theta, dim) / bound, middle / bound,
               rounding / bound);
    bound = interpolation_bound(BASE, dim, 0.5);
    claim_at_most(lab, "2.39", corrected, 1,
                  nan_max(middle / bound, random_ratio(&fine, rng, dim)));
    // 1 - cos x = x^2/2 - x^4/24 + ...: what the bound leaves out is below x^2/12 of
    // it, x = theta/2 <= 1/2.
    if (dim == DIM)
        claim_at_least(lab, "2.39", "d = 16: and it is nearly reached", 1 - 1 / 48.0,
                       middle / bound);
    if (dim == DIM)
        claim_at_least(lab, "2.38", "d = 16: the published bound is exceeded", 1,
                       middle / interpolation_bound_published(BASE, dim, 0.5));
    free(theta);
    mat_free(q), mat_free(k), position_free(&fine);
}

static void draw_between(Lab *lab, Rng *rng) {
    Position fine = fine_positions(DIM);
    Mat q = mat_new(1, DIM), k = mat_new(1, DIM);
    double theta[DIM / 2], against[STEPS + 1], random[STEPS + 1];
    rope_frequencies(theta, &(Rope){.dim = DIM, .base = BASE});
    adversary(q, k, theta);
    deviations(against, &fine, q, k);
    fill_unit_points(rng, q, ROPE_INTERLEAVED);
    deviations(random, &fine, q, k);
    Plot *p =
        plot_new(lab, "interpolation", "distance against random published corrected");
    for (int f = 0; f <= STEPS; f++) {
        double at = (double)f / STEPS;
        plot_row(p, S1 + at, against[f], fabs(random[f]),
                 interpolation_bound_published(BASE, DIM, at),
                 interpolation_bound(BASE, DIM, at));
    }
    plot_title(p,
               "Between two positions: the published bound and a query that breaks it "
               "(d = 16)");
    plot_axes(p, "distance", "|score - straight line| / max|h|");
    plot_set(p, "yrange [0:*]");
    plot_line(p, "distance", "published", "published bound");
    plot_line(p, "distance", "corrected", "corrected bound");
    plot_points(p, "distance", "against", "chosen against the bound");
    plot_points(p, "distance", "random", "a random query");
    plot_end(p);
    mat_free(q), mat_free(k), position_free(&fine);
}

// "B(s) >= d", on which the paper rests that extrapolation is 600 times worse: true up
// to 2048, not for good.
static void claim_extrapolation_bound(Lab *lab) {
    enum { D = 128, FAR = 20000 };
    double theta[D / 2], *bound = allocate(FAR, sizeof *bound), near = INFINITY,
                         far = INFINITY;
    rope_frequencies(theta, &(Rope){.dim = D, .base = BASE});
#pragma omp parallel for
    for (int s = 0; s < FAR; s++) bound[s] = D / 2 * rope_decay_bound(theta, D / 2, s);
    for (int s = 0; s < FAR; s++) {
        if (s < 2048) near = nan_min(near, bound[s]);
        far = nan_min(far, bound[s]);
    }
    claim_at_least(lab, "2.40", "d = 128: smallest sum of |S_j|, s < 2048: >= d", D,
                   near);
    claim_at_most(lab, "2.40", "the same for s < 20000: not >= d any more", D - 1, far);
    free(bound);
}

// ---- beyond: what each encoding can express, fitted to the trained distances

// Row s of a: the d functions of RoPE; with xPos point j times zeta_j^(s/512).
static void basis_row(double *row, const double *theta, double s, bool fading) {
    distance_basis(row, theta, DIM, s);
    for (int j = 0; fading && j < DIM / 2; j++) {
        double by = pow(xpos_zeta(DIM, j), s / XPOS_SCALE);
        row[j] *= by, row[DIM / 2 + j] *= by;
    }
}

static double basis_score(const double *coefficients, const double *theta, double s,
                          bool fading) {
    double row[DIM], sum = 0;
    basis_row(row, theta, s, fading);
    for (int j = 0; j < DIM; j++) sum += coefficients[j] * row[j];
    return sum;
}

// ridge > 0 keeps the coefficients small, as a trained model's weights are: least |fit
// - target|^2 + ridge |c|^2, by DIM more equations, sqrt(ridge) c_j = 0.
static void fit_basis(double *coefficients, const double *target, const double *theta,
                      bool fading, double ridge) {
    int rows = TRAINED + (ridge > 0 ? DIM : 0);
    double *a = allocate((size_t)rows * DIM, sizeof *a),
           *y = allocate((size_t)rows, sizeof *y);
    for (int s = 0; s < TRAINED; s++) {
        basis_row(a + s * DIM, theta, s, fading);
        y[s] = target[s];
    }
    for (int r = TRAINED; r < rows; r++) a[r * DIM + r - TRAINED] = sqrt(ridge);
    if (!least_squares(coefficients, a, y, rows, DIM))
        die("extrapolate: the angles' functions depend on each other");
    free(a), free(y);
}

// T5: the least-squares value of a bucket is the mean of its scores.
static void fit_buckets(double *buckets, const double *target) {
    int count[BUCKETS] = {0};
    for (int b = 0; b < BUCKETS; b++) buckets[b] = 0;
    for (int s = 0; s < TRAINED; s++) {
        int b = t5_bucket(s, BUCKETS, LAST_BUCKET, true);
        buckets[b] += target[s], count[b]++;
    }
    for (int b = 0; b < BUCKETS; b++) buckets[b] /= count[b];
}

// ALiBi: one slope and a constant; the constant is nothing to softmax.
static double fit_slope(const double *target, double *constant) {
    double distances[TRAINED], mean_s = (TRAINED - 1) / 2.0, mean_t = 0;
    for (int s = 0; s < TRAINED; s++) distances[s] = s, mean_t += target[s] / TRAINED;
    double slope = line_slope(distances, target, NULL, TRAINED, NULL);
    *constant = mean_t - slope * mean_s;
    return -slope;
}

static double largest(const double *scores, int from, int to) {
    double most = 0;
    for (int s = from; s < to; s++) most = nan_max(most, fabs(scores[s]));
    return most;
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// The largest score at whole distances [L, 2L) and halfway between those below L, both
// over the largest at whole distances below L.
typedef struct {
    double beyond, between;
} Excess;

static Excess noise_excess(Rng *rng, const double *theta) {
    double noise[TRAINED], c[DIM], scores[2 * TRAINED], halves[TRAINED - 1];
    for (int s = 0; s < TRAINED; s++) noise[s] = rng_normal(rng);
    fit_basis(c, noise, theta, false, 0);
    for (int s = 0; s < 2 * TRAINED; s++) scores[s] = distance_score(c, theta, DIM, s);
    for (int s = 0; s + 1 < TRAINED; s++)
        halves[s] = distance_score(c, theta, DIM, s + 0.5);
    double within = largest(scores, 0, TRAINED);
    return (Excess){largest(scores, TRAINED, 2 * TRAINED) / within,
                    largest(halves, 0, TRAINED - 1) / within};
}

// Fig. 2 of the paper: noise fitted on [0, L). What is claimed of the range beyond holds
// for a median: of a hundred draws some five stay below 10^4, so a median of nine does
// so with a chance of 126 * 0.05^5 = 4e-5.
static void claim_noise(Lab *lab, Rng *rng, const double *theta) {
    double beyond[DRAWS], between = 0;
    for (int draw = 0; draw < DRAWS; draw++) {
        Excess e = noise_excess(rng, theta);
        beyond[draw] = e.beyond, between = nan_max(between, e.between);
    }
    qsort(beyond, DRAWS, sizeof *beyond, by_size);
    claim_at_least(lab, "2.41", "noise, fitted: beyond / within, median of 9", 1e4,
                   beyond[DRAWS / 2]);
    claim_at_most(lab, "2.41", "noise, fitted: between / within, largest of 9", 1.1,
                  between);
}

enum { ROPE_FIT, SMALL_FIT, PI_FIT, XPOS_FIT, T5_FIT, ALIBI_FIT, FITS };
static const char *const fit_names[FITS] = {
    "RoPE", "RoPE, small weights", "RoPE, interpolated", "xPos", "T5", "ALiBi"};

// A query at position 4L - 1 sees distances 0 .. 4L - 1: the share of its attention on
// those that were never trained.
static double mass_beyond(const double *scores) {
    double top = -INFINITY, all = 0, beyond = 0;
    for (int s = 0; s < FURTHEST; s++) top = nan_max(top, scores[s]);
    for (int s = 0; s < FURTHEST; s++) {
        double weight = exp(scores[s] - top);
        all += weight;
        if (s >= TRAINED) beyond += weight;
    }
    return beyond / all;
}

typedef struct {
    double target[TRAINED];
    double scores[FITS][FURTHEST];
    double slope;
} Heads;

static void learn(Heads *h, Rng *rng, const double *theta) {
    for (int s = 0; s < TRAINED; s++)
        h->target[s] = -SLOPE * s + NOISE * rng_normal(rng);
    double rope[DIM], small[DIM], xpos[DIM], buckets[BUCKETS], constant;
    fit_basis(rope, h->target, theta, false, 0);
    fit_basis(small, h->target, theta, false, RIDGE);
    fit_basis(xpos, h->target, theta, true, 0);
    fit_buckets(buckets, h->target);
    h->slope = fit_slope(h->target, &constant);
    for (int s = 0; s < FURTHEST; s++) {
        h->scores[ROPE_FIT][s] = basis_score(rope, theta, s, false);
        h->scores[SMALL_FIT][s] = basis_score(small, theta, s, false);
        h->scores[PI_FIT][s] = basis_score(rope, theta, (double)s / STRETCH, false);
        h->scores[XPOS_FIT][s] = basis_score(xpos, theta, s, true);
        h->scores[T5_FIT][s] = buckets[t5_bucket(s, BUCKETS, LAST_BUCKET, true)];
        h->scores[ALIBI_FIT][s] = constant - h->slope * s;
    }
}

static void claim_beyond(Lab *lab, const Heads *h) {
    lab_print(
        lab, "a head that prefers the near, e^(-s/16), trained on %d distances, at %d:",
        TRAINED, FURTHEST);
    for (int f = 0; f < FITS; f++)
        lab_print(lab,
                  "    %-19s largest |score| within %8.3g, beyond %8.3g; %8.2g of its "
                  "attention beyond",
                  fit_names[f], largest(h->scores[f], 0, TRAINED),
                  largest(h->scores[f], TRAINED, FURTHEST), mass_beyond(h->scores[f]));
    const double *rope = h->scores[ROPE_FIT], *pi = h->scores[PI_FIT],
                 *t5 = h->scores[T5_FIT];
    double within = largest(rope, 0, TRAINED);
    // Of a dozen draws the least is some 10^4, and what lies below grows as the range
    // does: less than 100 has a chance of some 10^-3.
    claim_at_least(lab, "2.42", "RoPE: largest |score| beyond / within", 100,
                   largest(rope, TRAINED, FURTHEST) / within);
    claim_at_least(lab, "2.42", "xPos: the same", 100,
                   largest(h->scores[XPOS_FIT], TRAINED, FURTHEST)
                       / largest(h->scores[XPOS_FIT], 0, TRAINED));
    // A quarter: no small part. (Three quarters of the distances are beyond.)
    claim_at_least(lab, "2.42", "RoPE, small weights: share of attention beyond", 0.25,
                   mass_beyond(h->scores[SMALL_FIT]));
    claim_at_most(lab, "2.42", "RoPE, interpolated: at all distances / within", 1.1,
                  largest(pi, 0, FURTHEST) / within);
    double geometric = 0;
    for (int s = TRAINED; s < FURTHEST; s++)
        geometric += alibi_weight(h->slope, FURTHEST, s);
    claim_near(lab, "2.43", "ALiBi: attention beyond: the geometric law", geometric,
               mass_beyond(h->scores[ALIBI_FIT]),
               1e-12 * geometric);  // scores of up to 64, rounded by 2^-53 64 = 7e-15
    claim_near(lab, "2.43", "T5: score(4L - 1) - score(L - 1): one bucket", 0,
               t5[FURTHEST - 1] - t5[TRAINED - 1], 0);
}

static void draw_beyond(Lab *lab, const Heads *h) {
    Plot *p = plot_new(lab, "extrapolate",
                       "distance given rope small_weights interpolated xpos t5 alibi");
    for (int s = 0; s < FURTHEST; s += 2)
        plot_row(p, (double)s / TRAINED, s < TRAINED ? h->target[s] : NAN,
                 h->scores[ROPE_FIT][s], h->scores[SMALL_FIT][s], h->scores[PI_FIT][s],
                 h->scores[XPOS_FIT][s], h->scores[T5_FIT][s], h->scores[ALIBI_FIT][s]);
    plot_title(p,
               "Scores learned on distances up to L, and what they become beyond "
               "(asinh scale)");
    plot_axes(p, "distance / L", "score");
    plot_set(p, "nonlinear y via asinh(y) inverse sinh(y)");
    plot_set(p,
             "ytics (\"-10^{8}\" -1e8, \"-10^6\" -1e6, \"-10^4\" -1e4, -100, -10, 0, "
             "10, 100)");
    plot_set(p, "ytics add (\"10^4\" 1e4, \"10^6\" 1e6, \"10^8\" 1e8)");
    plot_set(
        p,
        "arrow from 1, graph 0 to 1, graph 1 nohead dashtype 3 linecolor \"#7f7f7f\"");
    plot_points(p, "distance", "given", "trained");
    plot_line(p, "distance", "rope", "RoPE");
    plot_line(p, "distance", "interpolated", "RoPE, interpolated");
    plot_line(p, "distance", "xpos", "xPos");
    plot_line(p, "distance", "t5", "T5");
    plot_series(p,
                "using \"distance\":\"alibi\" with lines linewidth 2 linecolor "
                "\"#000000\" title \"ALiBi\"");
    plot_series(p,
                "using \"distance\":\"small_weights\" with lines dashtype 2 linewidth "
                "2 linecolor \"#0072b2\" title "
                "\"RoPE, small weights\"");
    plot_end(p);
}

static void run(Lab *lab) {
    Rng rng = lab->rng;
    claim_between(lab, &rng, 128, "d = 128: chosen query / published bound",
                  "d = 128: chosen and random / corrected bound");
    claim_between(lab, &rng, 64, "d = 64: chosen query / published bound",
                  "d = 64: chosen and random / corrected bound");
    claim_between(lab, &rng, 32, "d = 32: chosen query / published bound",
                  "d = 32: chosen and random / corrected bound");
    claim_between(lab, &rng, DIM, "d = 16: chosen query / published bound",
                  "d = 16: chosen and random / corrected bound");
    draw_between(lab, &rng);
    claim_extrapolation_bound(lab);
    double theta[DIM / 2];
    rope_frequencies(theta, &(Rope){.dim = DIM, .base = BASE});
    claim_noise(lab, &rng, theta);
    Heads heads;
    learn(&heads, &rng, theta);
    claim_beyond(lab, &heads);
    draw_beyond(lab, &heads);
}

const LabSpec lab_extrapolate = {
    "extrapolate", "2.8", "Between the trained positions, and beyond them", run, NULL};
