// The activation functions of the feed-forward layer: ReLU, GELU in both its forms, SiLU. Lecture,
// section 3.4.
//
//     ReLU  max(0, x)     GELU   x Phi(x) = x (1 + erf(x / sqrt 2)) / 2
//                                                                              Phi: the normal distribution's
//     SiLU  x sigmoid(x)  tanh form   x sigmoid(2 u),  u = sqrt(2 / pi) (x + 0.044715 x^3)
//
// Each is x s(x) with s(x) + s(-x) = 1, so f(x) - f(-x) = x: the odd part is linear,
// what is not linear is all in the even part. Values and slopes of the chapter's vector code in
// float against libm in double; then the tanh form against the exact one, the minima,
// and what ReLU does to normal numbers. Hendrycks, Gimpel (2016), arXiv:1606.08415;
// Elfwing et al. (2017), arXiv:1702.03118; Ramachandran et al. (2017),
// arXiv:1710.05941.
#include "ch03_transformer/activation.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/program/plot.h"

static const Option options[] = {{"points", "65536", "numbers in [-8, 8]"},
                                 {"draws", "262144", "normal numbers for ReLU's share"},
                                 {0}};

enum { RELU, GELU, GELU_TANH, SILU, KINDS };
#define RANGE \
    8.0  // beyond it all four are x or 0 to float's precision, but for SiLU's tail

static const char *const names[KINDS] = {"ReLU", "GELU", "GELU, tanh form", "SiLU"};
static Node *(*const operations[KINDS])(Tape *, Node *) = {relu, gelu, gelu_tanh, silu};

// ---- in double, with a bound on float's error in units of u = 2^-24, the error of one
// rounding

typedef struct {
    double y, slope;              // f and f'
    double y_error, slope_error;  // the chapter's code is this far off, at most
} Exact;

// To first order in u; e^x is good to 1.1 ulp, so to 2.2 u (common/numeric/vec.h), erf
// to 1 ulp, 2 u of erf.
#define EXP_ERROR 2.2
#define ERF_ERROR 2.0

static Exact exact_relu(double x) { return (Exact){x > 0 ? x : 0, x > 0, 0, 0}; }

static Exact exact_gelu(double x) {
    double z = x * M_SQRT1_2, cdf = erfc(-z) / 2,
           density = exp(-x * x / 2) / sqrt(2 * M_PI);
    // z carries a rounded constant and a product: 2 u. d erf / dz = 2 sqrt(2) density.
    // Then 1 + erf is rounded.
    double cdf_error =
        sqrt(2) * density * fabs(z) * 2 + ERF_ERROR * fabs(erf(z)) / 2 + cdf;
    Exact e = {x * cdf, cdf + x * density, 0, 0};
    e.y_error = fabs(x) * cdf_error + fabs(e.y);
    // x x rounded moves the exponent by u x^2 / 2; then e^, a constant, two products;
    // then the sum.
    e.slope_error =
        cdf_error + fabs(x) * density * (x * x / 2 + EXP_ERROR + 3) + fabs(e.slope);
    return e;
}

// y = x s, s = sigmoid(w) and w off by w_error: SiLU and GELU's tanh form. dw: w', off
// by dw_error of itself.
static Exact exact_gate(double x, double w, double w_error, double dw,
                        double dw_error) {
    double s = 1 / (1 + exp(-w)), rest = 1 / (1 + exp(w));
    // ds = s (1 - s) dw. In 1 / (1 + e) the error of e counts by e / (1 + e) = 1 - s;
    // then a sum and a quotient.
    double s_error = s * rest * w_error + s * (rest * EXP_ERROR + 2);
    Exact e = {x * s, s + x * s * rest * dw, 0, 0};
    e.y_error = fabs(x) * s_error + fabs(e.y);
    // s (1 - s) with both off by s_error, 1 - s rounded; three products; then the sum.
    e.slope_error = s_error
                    + fabs(x) * dw * (s_error * (rest + s) + s * rest * (4 + dw_error))
                    + fabs(e.slope);
    return e;
}

static Exact exact_silu(double x) { return exact_gate(x, x, 0, 1, 0); }

static Exact exact_gelu_tanh(double x) {
    double a = 2 * sqrt(2 / M_PI), w = a * (x + 0.044715 * x * x * x),
           dw = a * (1 + 3 * 0.044715 * x * x);
    // The cube: a constant and three products; then a sum, a constant, a product: 7 u
    // of w, and no cancellation. w' as well.
    return exact_gate(x, w, 7 * fabs(w), dw, 7);
}

static Exact (*const exact[KINDS])(double) = {exact_relu, exact_gelu, exact_gelu_tanh,
                                              exact_silu};

// ---- what the chapter's code gives: on a grid symmetric about 0, but without 0

typedef struct {
    int n;
    Mat x, y[KINDS], slope[KINDS];  // 1 x n
} Grid;

// y = f(x), and the gradient of the sum of y.
static void apply(Tape *t, int kind, Mat x, Mat y, Mat slope) {
    Node *in = variable_node(t, x);
    in->keeps_grad = true;
    Node *out = operations[kind](t, in);
    mat_copy(y, out->value);
    Mat ones = tape_mat(t, 1, x.cols);
    mat_fill(ones, 1);
    tape_backward_from(t, out, ones);
    mat_copy(slope, in->grad);
    tape_reset(t);
}

static Grid grid_new(Tape *t, int n) {
    Grid g = {n, mat_new(1, n), {{0}}, {{0}}};
    for (int i = 0; i < n; i++) g.x.at[i] = (real)(RANGE * (2 * i + 1 - n) / n);
    for (int k = 0; k < KINDS; k++) {
        g.y[k] = mat_new(1, n), g.slope[k] = mat_new(1, n);
        apply(t, k, g.x, g.y[k], g.slope[k]);
    }
    return g;
}

static void grid_free(Grid *g) {
    mat_free(g->x);
    for (int k = 0; k < KINDS; k++) mat_free(g->y[k]), mat_free(g->slope[k]);
}

// ---- claims

#define UNIT 0x1p-24

// error in units of its bound; where the bound is 0, nothing may be off.
static double against(double error, double bound) {
    return bound > 0 ? error / bound : error > 0 ? INFINITY : error;
}

static void claim_values(Lab *lab, const Grid *g) {
    for (int k = 0; k < KINDS; k++) {
        double y = 0, slope = 0;
        for (int i = 0; i < g->n; i++) {
            Exact e = exact[k]((double)g->x.at[i]);
            y = nan_max(y,
                        against(fabs((double)g->y[k].at[i] - e.y), e.y_error * UNIT));
            slope = nan_max(slope, against(fabs((double)g->slope[k].at[i] - e.slope),
                                           e.slope_error * UNIT));
        }
        char what[2][64];
        snprintf(what[0], sizeof what[0], "%s: error / bound of its roundings",
                 names[k]);
        snprintf(what[1], sizeof what[1], "%s, slope: error / bound", names[k]);
        // 1.001: what is left out, products of two roundings.
        claim_at_most(lab, "3.20", what[0], 1.001, y);
        claim_at_most(lab, "3.20", what[1], 1.001, slope);
    }
}

// f(x) - f(-x) = x. Both values are off by their bounds.
static void claim_odd_part(Lab *lab, const Grid *g) {
    double worst = 0;
    for (int k = 0; k < KINDS; k++)
        for (int i = g->n / 2; i < g->n; i++) {
            double x = (double)g->x.at[i],
                   difference =
                       (double)g->y[k].at[i] - (double)g->y[k].at[g->n - 1 - i];
            worst = nan_max(
                worst, against(fabs(difference - x),
                               (exact[k](x).y_error + exact[k](-x).y_error) * UNIT));
        }
    claim_at_most(lab, "3.22", "all four: |f(x) - f(-x) - x| / bound", 1.001, worst);
}

// The place in (low, high) where g changes sign, in double.
static double root(double (*g)(double), double low, double high) {
    bool rising = g(high) > 0;
    for (int i = 0; i < 100; i++) {
        double middle = (low + high) / 2;
        if ((g(middle) > 0) == rising) high = middle;
        else low = middle;
    }
    return low;
}

static double slopes_apart(double x) {
    return exact_gelu_tanh(x).slope - exact_gelu(x).slope;
}
static double gelu_slope(double x) { return exact_gelu(x).slope; }
static double silu_slope(double x) { return exact_silu(x).slope; }

// The largest distance is where the slopes are equal: near 2.7; near 1.4 there is a
// smaller one, of the other sign.
static void claim_tanh_form(Lab *lab, const Grid *g) {
    double measured = 0, at = root(slopes_apart, 1.5, 3),
           apart = fabs(exact_gelu_tanh(at).y - exact_gelu(at).y);
    for (int i = 0; i < g->n; i++)
        measured = nan_max(
            measured, fabs((double)g->y[GELU_TANH].at[i] - (double)g->y[GELU].at[i]));
    // Both are off by their bounds; between two points of the grid, h apart, the
    // distance loses f'' (h/2)^2 / 2, f'' < 0.01.
    double step = 2 * RANGE / g->n,
           rounding = (exact_gelu_tanh(at).y_error + exact_gelu(at).y_error) * UNIT;
    claim_near(lab, "3.21", "GELU: the two forms are this far apart", apart, measured,
               rounding + 0.01 * step * step / 8);
    lab_print(lab, "at |x| = %.4f, where GELU is %.4f and %.4f", at, exact_gelu(at).y,
              exact_gelu(-at).y);
}

static void claim_minimum(Lab *lab, const Grid *g, int kind, double at) {
    double least = INFINITY, place = NAN, step = 2 * RANGE / g->n;
    for (int i = 1; i < g->n / 2; i++) {
        least = nan_min(least, (double)g->y[kind].at[i]);
        if (g->slope[kind].at[i - 1] < 0 && g->slope[kind].at[i] >= 0
            && (double)g->x.at[i] > -4)
            place = ((double)g->x.at[i - 1] + (double)g->x.at[i]) / 2;
    }
    Exact e = exact[kind](at);
    char what[2][64];
    snprintf(what[0], sizeof what[0], "%s: its minimum", names[kind]);
    snprintf(what[1], sizeof what[1], "%s: where", names[kind]);
    // A point of the grid is at most h / 2 away: f'' (h/2)^2 / 2, f'' < 1. The slope's
    // error moves its zero far less than h.
    claim_near(lab, "3.22", what[0], e.y, least, e.y_error * UNIT + step * step / 8);
    claim_near(lab, "3.22", what[1], at, place, step);
}

// z normal: E relu(z)^2 = half of E z^2 = 1/2. Its variance is E z^4 / 2 - 1/4 = 5/4.
static void claim_half(Lab *lab, Tape *t, int n) {
    Mat z = mat_new(1, n), y = mat_new(1, n), slope = mat_new(1, n);
    rng_fill_normal(&lab->rng, z, 1);
    apply(t, RELU, z, y, slope);
    double squares = 0, dead = 0;
    for (int i = 0; i < n; i++)
        squares += pow((double)y.at[i], 2), dead += slope.at[i] == 0;
    claim_near(lab, "3.23", "E relu(z)^2 for z ~ N(0, 1), 5 s.e.", 0.5, squares / n,
               5 * sqrt(1.25 / n));
    claim_near(lab, "3.23", "share of gradients that are exactly 0, 5 s.e.", 0.5,
               dead / n, 5 * sqrt(0.25 / n));
    for (int i = 0; i < n; i++) z.at[i] = -(real)fabs((double)z.at[i]);
    apply(t, RELU, z, y, slope);
    int alive = 0;
    for (int i = 0; i < n; i++) alive += slope.at[i] != 0;
    claim_equal(lab, "3.23", "a unit with negative inputs only: gradients left", 0,
                alive);
    mat_free(z), mat_free(y), mat_free(slope);
}

static void figure(Lab *lab, const Grid *g) {
    Plot *p = plot_new(lab, "activations",
                       "x relu gelu silu apart relu_float gelu_float tanh_float "
                       "silu_float apart_float");
    enum { ROWS = 401, EVERY = 10 };  // lines in steps of 0.02, points in steps of 0.2
    for (int i = 0; i < ROWS; i++) {
        double x = -4 + i * 8.0 / (ROWS - 1), m[KINDS];
        int near = (int)((x + RANGE) / (2 * RANGE) * g->n);
        for (int k = 0; k < KINDS; k++)
            m[k] = i % EVERY ? NAN : (double)g->y[k].at[near];
        if (i % EVERY == 0) x = (double)g->x.at[near];
        double lines[KINDS];
        for (int k = 0; k < KINDS; k++) lines[k] = exact[k](x).y;
        plot_row(p, x, lines[RELU], lines[GELU], lines[SILU],
                 1000 * (lines[GELU_TANH] - lines[GELU]), m[RELU], m[GELU],
                 m[GELU_TANH], m[SILU], 1000 * (m[GELU_TANH] - m[GELU]));
    }
    plot_axes(p, "x", "f(x)");
    plot_set(p, "xrange [-4:4]"), plot_set(p, "yrange [-0.5:2.5]");
    plot_line(p, "x", "relu", "ReLU"), plot_line(p, "x", "gelu", "GELU"),
        plot_line(p, "x", "silu", "SiLU");
    plot_dashes(p, "x", "apart", "1000 x (tanh form - GELU)");
    plot_points(p, "x", "relu_float", "relu()"),
        plot_points(p, "x", "gelu_float", "gelu()");
    plot_points(p, "x", "silu_float", "silu()"),
        plot_points(p, "x", "apart_float", "gelu\\_tanh() - gelu()");
    plot_end(p);
}

static void run(Lab *lab) {
    int points = (int)option_int(&lab->args, "points", 1024, 1 << 24) & ~1;
    int draws = (int)option_int(&lab->args, "draws", 100, 1 << 24);
    Tape *t = tape_new(NULL);
    Grid g = grid_new(t, points);
    claim_values(lab, &g);
    claim_tanh_form(lab, &g);
    claim_odd_part(lab, &g);
    claim_minimum(lab, &g, GELU, root(gelu_slope, -2, 0));
    claim_minimum(lab, &g, SILU, root(silu_slope, -2, 0));
    claim_half(lab, t, draws);
    figure(lab, &g);
    grid_free(&g), tape_free(t);
}

const LabSpec lab_activations = {
    "activations", "3.4", "Four activation functions: values, slopes, what they share",
    run, options};
