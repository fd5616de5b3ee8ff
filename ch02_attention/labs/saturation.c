// What large scores do to the gradient of softmax. Lecture, section 2.1.
//
//     J = dp/ds = diag(p) - p p^T,    tr J = 1 - sum p^2,    |J|_2 <= 1/2
//     |J|_F^2 = sum p^2 - 2 sum p^3 + (sum p^2)^2
//
// N scores drawn from a normal distribution, mean 0, standard deviation sigma. With
// w = e^s and 1 / W^2 = integral of t e^(-tW) dt over t > 0:
//
//     E sum p^2 = N integral of t E[w^2 e^(-tw)] (E e^(-tw))^(N-1) dt
//
// which is the line in the figure. tr J falls with sigma; |J|_F first rises, up to
// about sigma = sqrt(2 ln N), where one score begins to outweigh all the others
// together.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch02_attention/softmax.h"
#include "common/error.h"
#include "common/program/plot.h"

static const Option options[] = {{"scores", "64", "N: scores in a softmax"},
                                 {"draws", "2000", "softmaxes for each sigma"},
                                 {0}};

enum { MOST = 1024 };

// E sum p^2. t = e^u: t w = e^(u + s), dt = t du. u and s run over multiples of one
// step, so that all their sums do.
static double expected_square_sum(int n, double sigma) {
    double step = fmin(0.1, sigma / 20), total = 0;
    int half = (int)(9 * sigma / step), low = (int)(60 / step);
    for (int u = -half - low; u <= half + low / 6; u++) {
        // E e^(-tw), E (tw)^2 e^(-tw)
        double once = 0, squared = 0;
        // beyond, e^(-tw) is below 1e-400
        for (int s = -half; s <= half && (u + s) * step < 7; s++) {
            double z = s * step / sigma, tw = exp((u + s) * step);
            double density = exp(-z * z / 2) / sqrt(2 * M_PI) * step / sigma;
            once += density * exp(-tw), squared += density * tw * tw * exp(-tw);
        }
        total += step * squared * pow(once, n - 1);
    }
    return n * total;
}

typedef struct {
    double trace, frobenius, largest;  // largest: |J|_2
} Jacobian;

static Jacobian jacobian_from_p(const double *p, int n) {
    double two = 0, three = 0;
    for (int i = 0; i < n; i++) two += p[i] * p[i], three += p[i] * p[i] * p[i];
    return (Jacobian){1 - two, sqrt(fmax(0, two - 2 * three + two * two)), 0};
}

// |J|_2 by power iteration: J v = p v - p (p . v). It only ever comes from below, so
// start it well: J's largest eigenvector lives on the largest p.
static double largest_eigenvalue(const double *p, int n) {
    double v[MOST], size = 0;
    int top = 0;
    for (int i = 1; i < n; i++) top = p[i] > p[top] ? i : top;
    for (int i = 0; i < n; i++) v[i] = i == top ? 1 : -p[i];
    for (int round = 0; round < 30; round++) {
        double along = 0, square = 0;
        for (int i = 0; i < n; i++) square += v[i] * v[i];
        for (int i = 0; i < n; i++) v[i] /= sqrt(square), along += p[i] * v[i];
        size = 0;
        for (int i = 0; i < n; i++) v[i] = p[i] * (v[i] - along), size += v[i] * v[i];
    }
    return sqrt(size);
}

// From softmax_backward itself, a column at a time: J e_j. float rounds each entry to
// some 4 ulps of p.
static Jacobian jacobian_from_code(const real *p, int n) {
    real column[MOST];
    Jacobian j = {0};
    double square = 0;
    for (int c = 0; c < n; c++) {
        memset(column, 0, sizeof column);
        column[c] = 1;
        softmax_backward(column, p, (size_t)n);
        j.trace += column[c];
        for (int i = 0; i < n; i++) square += (double)column[i] * column[i];
    }
    j.frobenius = sqrt(square);
    return j;
}

typedef struct {
    double trace, trace_error, frobenius, frobenius_error, largest, off;
} Point;

static Point measure(const Rng *rng, int n, double sigma, int draws) {
    Jacobian *all = allocate((size_t)draws, sizeof *all);
    double *off = allocate((size_t)draws, sizeof *off);
#pragma omp parallel for
    for (int draw = 0; draw < draws; draw++) {
        Rng own = rng_split(rng, (uint64_t)draw);
        real row[MOST];
        double p[MOST], sum = 0;
        for (int i = 0; i < n; i++) row[i] = (real)(sigma * rng_normal(&own));
        softmax(row, (size_t)n);
        for (int i = 0; i < n; i++) sum += row[i];
        for (int i = 0; i < n; i++) p[i] = row[i] / sum;
        all[draw] = jacobian_from_p(p, n);
        all[draw].largest = largest_eigenvalue(p, n);
        if (draw >= 50) continue;  // the code's own J costs n^2
        Jacobian j = jacobian_from_code(row, n);
        off[draw] = nan_max(fabs(j.trace - all[draw].trace),
                            fabs(j.frobenius - all[draw].frobenius));
    }
    Point at = {0};
    double t = 0, f = 0;
    for (int i = 0; i < draws; i++) {
        at.trace += all[i].trace / draws, at.frobenius += all[i].frobenius / draws;
        at.largest = nan_max(at.largest, all[i].largest),
        at.off = nan_max(at.off, off[i]);
    }
    for (int i = 0; i < draws; i++)
        t += pow(all[i].trace - at.trace, 2),
            f += pow(all[i].frobenius - at.frobenius, 2);
    at.trace_error = sqrt(t / draws / draws),
    at.frobenius_error = sqrt(f / draws / draws);
    free(all), free(off);
    return at;
}

// sqrt(512) is what d = 512 gives without the scale, 1 with it.
static const double sigmas[] = {0.25, 0.5, 1, 1.5, 2,  3,
                                4,    6,   8, 11,  16, 22.627416997969522};
enum { COUNT = sizeof sigmas / sizeof *sigmas, ONE = 2, TWO = 4, EIGHT = 8, LAST = 11 };

typedef struct {
    Point at[COUNT];
    double derived[COUNT];       // tr J
    double worst, largest, off;  // of all sigmas
} Points;

static void measure_all(Points *m, Lab *lab, int n, int draws) {
    *m = (Points){0};
    for (int i = 0; i < COUNT; i++) {
        Rng own = rng_split(&lab->rng, (uint64_t)i);
        Point *at = &m->at[i];
        *at = measure(&own, n, sigmas[i], draws);
        m->derived[i] = 1 - expected_square_sum(n, sigmas[i]);
        m->worst = nan_max(m->worst, fabs(at->trace - m->derived[i]) / at->trace_error);
        m->largest = nan_max(m->largest, at->largest);
        m->off = nan_max(m->off, at->off);
    }
}

static void claim_trace(Lab *lab, const Points *m, int n) {
    const Point *at = m->at;
    const double *derived = m->derived;
    // n columns of roundings of 4 ulps of p each, which sum to 1, and of a dot
    // product's (n + 4) ulps: below n 2^-22.
    claim_near(lab, "2.4", "softmax_backward: tr J and |J|_F by the formulas", 0,
               m->off, n * 0x1p-22);
    claim_near(lab, "2.5", "sigma = 1: tr J = 1 - E sum p^2", derived[ONE],
               at[ONE].trace, 5 * at[ONE].trace_error);
    claim_near(lab, "2.5", "sigma = 8: tr J", derived[EIGHT], at[EIGHT].trace,
               5 * at[EIGHT].trace_error);
    claim_at_most(lab, "2.5", "all sigma: worst tr J, in standard errors", 5, m->worst);
    claim_near(lab, "2.5", "tr J without the scale, d = 512 / with it",
               derived[LAST] / derived[ONE], at[LAST].trace / at[ONE].trace,
               5
                   * hypot(at[LAST].trace_error,
                           at[ONE].trace_error * derived[LAST] / derived[ONE])
                   / derived[ONE]);
}

static void claim_norms(Lab *lab, const Points *m, int n) {
    const Point *one = &m->at[ONE], *two = &m->at[TWO];
    // Rounding of p.v and of n products: a few 1e-16.
    claim_at_most(lab, "2.6", "|J|_2, largest of all", 0.5 + 1e-12, m->largest);
    claim_near(lab, "2.6", "|J|_2 of two equal weights", 0.5,
               largest_eigenvalue((double[]){0.5, 0.5}, 2), 1e-15);
    // "the gradient falls as scores grow" is false here: 5 standard errors of the
    // difference
    if (n == 64)
        claim_at_least(lab, "2.6", "|J|_F rises: sigma = 2 less sigma = 1",
                       5 * hypot(one->frobenius_error, two->frobenius_error),
                       two->frobenius - one->frobenius);
}

static void draw(Lab *lab, const Points *m, int n) {
    double outweighs = sqrt(2 * log(n));
    Plot *p =
        plot_new(lab, "saturation",
                 "sigma trace trace_error trace_derived frobenius frobenius_error");
    for (int i = 0; i < COUNT; i++)
        plot_row(p, sigmas[i], m->at[i].trace, 5 * m->at[i].trace_error, m->derived[i],
                 m->at[i].frobenius, 5 * m->at[i].frobenius_error);
    plot_axes(p, "sigma: standard deviation of the scores", "size of the Jacobian");
    plot_set(p, "logscale x 2"), plot_set(p, "yrange [0:1.05]");
    plot_set(p, "arrow 1 from %.4f, 0 to %.4f, 1 nohead dashtype 3", outweighs,
             outweighs);
    plot_set(p, "label 1 \"sqrt(2 ln N)\" at %.4f, 0.95", 1.05 * outweighs);
    plot_line(p, "sigma", "trace_derived", "1 - E sum p^2");
    plot_errors(p, "sigma", "trace", "trace_error", "tr J"),
        plot_errors(p, "sigma", "frobenius", "frobenius_error", "|J|_F");
    plot_end(p);
}

static void run(Lab *lab) {
    int n = (int)option_int(&lab->args, "scores", 2, MOST),
        draws = (int)option_int(&lab->args, "draws", 50, 1000000);
    Points m;
    measure_all(&m, lab, n, draws);
    claim_trace(lab, &m, n), claim_norms(lab, &m, n);
    draw(lab, &m, n);
}

const LabSpec lab_saturation = {
    "saturation", "2.1", "Large scores: the softmax freezes and its gradient vanishes",
    run, options};
