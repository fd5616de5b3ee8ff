// Layer norm and RMS norm, forward and backward. Lecture, section 3.3.
//
//     y = (x - mean) / s,  s^2 = var + epsilon     dx = (g - mean(g) - y mean(y g)) / s     RMS norm: no mean
//
//     sum dx = 0                    adding a constant to x changes nothing
//     y . dx = (y . g) epsilon / s^3    nearly 0: scaling x changes nothing, but for epsilon
//     LN(a x + b) = LN(x) sqrt((1 + r) / (1 + r / a^2)),  a > 0,  r = epsilon / var
//
// So a gradient g loses its mean, and what it has along y shrinks to the share epsilon
// / s^2: the figure's slope 1. Ba, Kiros, Hinton (2016), arXiv:1607.06450; Zhang,
// Sennrich (2019), arXiv:1910.07467.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/labs/norm_rows.h"
#include "common/error.h"
#include "common/numeric/vec.h"
#include "common/program/plot.h"

static const Option options[] = {
    {"dim", "64", "channels"}, {"epsilon", "1e-5", "epsilon"}, {0}};

// four scales a decade of epsilon / var, from 10^-4 to 10
enum { TOKENS = 8, SCALES = 21 };

static Node *affine_rms_norm(Tape *t, Node *x, Node *gain, Node *bias, double epsilon) {
    (void)bias;
    return rms_norm(t, x, gain, epsilon);
}

static const struct {
    const char *title;
    BareNorm *bare;
    Node *(*affine)(Tape *t, Node *x, Node *gain, Node *bias, double epsilon);
} norms[] = {[NORM_LAYER] = {"layer norm", bare_layer_norm, layer_norm},
             [NORM_RMS] = {"RMS norm", bare_rms_norm, affine_rms_norm}};
_Static_assert(sizeof norms / sizeof *norms == NORM_KINDS,
               "a norm that is not measured");

enum { NAME = 80 };

static const char *of(NormKind kind, const char *what, char *name) {
    snprintf(name, NAME, "%s: %s", norms[kind].title, what);
    return name;
}

// ---- the derivative

typedef struct {
    NormKind kind;
    Mat x, gain, bias, r;  // L = sum of r (gain y + bias)
    Mat ux, ugain, ubias;  // a direction
} Case;

// L in double at h steps along the direction.
static double loss(const Case *c, double epsilon, double h) {
    int d = c->x.cols;
    double total = 0, *x = allocate((size_t)d, sizeof *x);
    for (int t = 0; t < c->x.rows; t++) {
        double mean = 0, variance = 0;
        for (int j = 0; j < d; j++)
            x[j] = *mat_at(c->x, t, j) + h * *mat_at(c->ux, t, j);
        for (int j = 0; j < d && c->kind == NORM_LAYER; j++) mean += x[j] / d;
        for (int j = 0; j < d; j++) variance += pow(x[j] - mean, 2) / d;
        for (int j = 0; j < d; j++)
            total += *mat_at(c->r, t, j)
                     * ((c->gain.at[j] + h * c->ugain.at[j]) * (x[j] - mean)
                            / sqrt(variance + epsilon)
                        + (c->bias.at[j] + h * c->ubias.at[j]));
    }
    free(x);
    return total;
}

// The tape's derivative of L along the direction.
static double slope(const Case *c, double epsilon) {
    Tape *t = tape_new(NULL);
    Node *x = variable_node(t, c->x), *gain = variable_node(t, c->gain),
         *bias = variable_node(t, c->bias);
    tape_backward_from(t, norms[c->kind].affine(t, x, gain, bias, epsilon), c->r);
    double sum = mat_inner(x->grad, c->ux) + mat_inner(gain->grad, c->ugain);
    if (norm_rows(c->kind)->has_bias) sum += mat_inner(bias->grad, c->ubias);
    tape_free(t);
    return sum;
}

// How far rounding may take it: each term of dgain and dbias is at most a |r|, with
// fewer roundings than dx has.
static double slope_error(const Case *c, double epsilon) {
    int d = c->x.cols;
    double error = 0;
    real *g = allocate((size_t)d, sizeof *g);
    for (int t = 0; t < c->x.rows; t++) {
        for (int j = 0; j < d; j++) g[j] = *mat_at(c->r, t, j) * c->gain.at[j];
        RowNorm row = row_norm(c->kind, mat_at(c->x, t, 0), g, d, epsilon);
        for (int j = 0; j < d; j++) {
            real x = *mat_at(c->x, t, j), r = *mat_at(c->r, t, j);
            error += row_dx_error(&row, x, g[j]) * fabs((double)*mat_at(c->ux, t, j));
            double ugain = fabs((double)c->ugain.at[j]),
                   ubias = fabs((double)c->ubias.at[j]);
            // up the tokens
            double adding = TOKENS * 0x1p-24 * (fabs(row_y(&row, x)) * ugain + ubias);
            error += fabs((double)r) * (row_y_error(&row, x) * ugain + adding);
        }
    }
    free(g);
    return error;
}

static void claim_derivative(Lab *lab, Rng *rng, NormKind kind, int d, double epsilon) {
    // h^2 L''' / 6 and rounding / h are both near 1e-10 of L', far below float's
    // rounding
    const double h = 1e-5;
    Case c = {.kind = kind};
    Mat *all[] = {&c.x, &c.r, &c.ux, &c.gain, &c.bias, &c.ugain, &c.ubias};
    for (int i = 0; i < 7; i++) {
        *all[i] = mat_new(i < 3 ? TOKENS : 1, d);
        rng_fill_normal(rng, *all[i], 1);
    }
    if (!norm_rows(kind)->has_bias) mat_fill(c.bias, 0), mat_fill(c.ubias, 0);
    double difference = (loss(&c, epsilon, h) - loss(&c, epsilon, -h)) / (2 * h);
    char name[NAME];
    claim_near(lab, "3.10", of(kind, "pull against (L(+h) - L(-h)) / 2h", name),
               difference, slope(&c, epsilon), slope_error(&c, epsilon));
    for (int i = 0; i < 7; i++) mat_free(*all[i]);
}

// ---- what a gradient loses: one row at each scale

typedef struct {
    double ratio;  // epsilon / var
    // (y . dx) s / (y . g), of the code; epsilon / s^2; what rounding may do
    double share, predicted, error;
    double sum;  // |sum dx| over what rounding may do
    double doubled, doubled_predicted, doubled_error;  // LN(2 x) / LN(x) - 1
} Scale;

// LN(2 x) over LN(x), as the slope of one over the other; 2 x is exact.
static void measure_doubled(Scale *s, NormKind kind, Mat x, double epsilon) {
    int d = x.cols;
    Mat x2 = mat_new(1, d), y = mat_new(1, d), y2 = mat_new(1, d);
    mat_add_scaled(x2, 2, x);
    norm_through(norms[kind].bare, y, (Mat){0}, x, (Mat){0}, epsilon);
    norm_through(norms[kind].bare, y2, (Mat){0}, x2, (Mat){0}, epsilon);
    RowNorm r = row_norm(kind, x.at, NULL, d, epsilon),
            r2 = row_norm(kind, x2.at, NULL, d, epsilon);
    double factor = sqrt((1 + s->ratio) / (1 + s->ratio / 4)), error = 0;
    for (int j = 0; j < d; j++)
        error += fabs((double)y.at[j])
                 * (row_y_error(&r2, x2.at[j]) + factor * row_y_error(&r, x.at[j]));
    s->doubled = mat_inner(y2, y) / mat_inner(y, y) - 1,
    s->doubled_predicted = factor - 1, s->doubled_error = error / mat_inner(y, y);
    mat_free(x2), mat_free(y), mat_free(y2);
}

// One row of that epsilon / var. g = y + 1 + noise: it has something along y, and a
// mean.
static Scale measure_scale(Rng *rng, NormKind kind, int d, double epsilon,
                           double ratio) {
    Mat x = mat_new(1, d), g = mat_new(1, d), dx = mat_new(1, d);
    rng_fill_normal(rng, x, 1), rng_fill_normal(rng, g, 1);
    RowNorm r = row_norm(kind, x.at, NULL, d, 0);
    double size = sqrt(epsilon / ratio) / r.s;
    for (int j = 0; j < d; j++)
        g.at[j] += (real)(row_y(&r, x.at[j]) + 1), x.at[j] *= (real)size;
    r = row_norm(kind, x.at, g.at, d, epsilon);
    norm_through(norms[kind].bare, (Mat){0}, dx, x, g, epsilon);
    double radial = 0, sum = 0, error = 0, sum_error = 0;
    for (int j = 0; j < d; j++) {
        double y = row_y(&r, x.at[j]), e = row_dx_error(&r, x.at[j], g.at[j]);
        radial += y * dx.at[j], sum += dx.at[j];
        error += fabs(y) * e, sum_error += e;
    }
    Scale s = {.ratio = epsilon / r.variance,
               .predicted = epsilon / (r.s * r.s),
               .share = radial * r.s / r.y_g,
               .error = error * r.s / fabs(r.y_g),
               .sum = fabs(sum) / sum_error};
    measure_doubled(&s, kind, x, epsilon);
    mat_free(x), mat_free(g), mat_free(dx);
    return s;
}

// The slope of log share against log(epsilon / s^2), and by how much the errors of the
// points can turn it.
static double fit(const Scale *s, double *error) {
    double mean = 0, weight = 0, sum = 0;
    for (int i = 0; i < SCALES; i++) mean += log(s[i].predicted) / SCALES;
    *error = 0;
    for (int i = 0; i < SCALES; i++) {
        double x = log(s[i].predicted) - mean, e = s[i].error / s[i].predicted;
        weight += x * x, sum += x * log(s[i].share),
            *error += fabs(x) * e / (1 - fmin(e, 0.9));
    }
    *error /= weight;
    return sum / weight;
}

static void claim_scales(Lab *lab, NormKind kind, const Scale *s) {
    double worst = 0, sum = 0, error;
    char name[NAME];
    for (int i = 0; i < SCALES; i++) {
        worst = nan_max(worst, fabs(s[i].share - s[i].predicted) / s[i].error);
        sum = nan_max(sum, s[i].sum);
    }
    if (kind == NORM_LAYER)
        claim_at_most(lab, "3.10",
                      of(kind, "|sum dx| in its rounding bounds, worst", name), 1, sum);
    claim_at_most(lab, "3.11", of(kind, "y.dx - (y.g) eps/s^3 in bounds, worst", name),
                  1, worst);
    double slope_of = fit(s, &error);
    claim_near(lab, "3.11", of(kind, "log y.dx over log eps/s^2, slope", name), 1,
               slope_of, error);
}

static void claim_and_draw_scales(Lab *lab, Rng *rng, int d, double epsilon) {
    Scale s[NORM_KINDS][SCALES];
    for (int kind = 0; kind < NORM_KINDS; kind++) {
        for (int i = 0; i < SCALES; i++)  // RMS norm's points lie between the others
            s[kind][i] = measure_scale(rng, (NormKind)kind, d, epsilon,
                                       pow(10, -4 + (i - kind * 0.5) / 4));
        claim_scales(lab, (NormKind)kind, s[kind]);
    }
    const Scale *small = &s[0][0], *large = &s[0][SCALES - 1];
    claim_near(lab, "3.12", "eps/var = 10^-4: LN(2x) / LN(x) - 1",
               small->doubled_predicted, small->doubled, small->doubled_error);
    claim_near(lab, "3.12", "eps/var = 10: LN(2x) / LN(x) - 1",
               large->doubled_predicted, large->doubled, large->doubled_error);
    Plot *p =
        plot_new(lab, "norm_backward",
                 "ratio layer_norm doubled ratio_rms rms_norm line share doubled_line");
    for (int i = 0; i < SCALES; i++) {
        double line = pow(10, -4.25 + i * 5.5 / (SCALES - 1));
        plot_row(p, s[0][i].ratio, s[0][i].share, s[0][i].doubled, s[1][i].ratio,
                 s[1][i].share, line, line / (1 + line),
                 sqrt((1 + line) / (1 + line / 4)) - 1);
    }
    plot_axes(p, "epsilon / variance of the token", "what epsilon lets through");
    plot_set(p, "logscale xy"), plot_set(p, "format xy \"10^{%%T}\""),
        plot_set(p, "xrange [4e-5:20]");
    plot_line(p, "line", "share", "epsilon / s^2"),
        plot_line(p, "line", "doubled_line", "LN(2x) / LN(x) - 1, derived");
    plot_points(p, "ratio", "layer_norm", "y.dx s / y.g, layer norm"),
        plot_points(p, "ratio_rms", "rms_norm", "RMS norm");
    plot_points(p, "ratio", "doubled", "LN(2x) / LN(x) - 1");
    plot_end(p);
}

// ---- shift and scale

// Multiples of 2^-10, so that a x + b is exact for a power of two a and a small whole
// b.
static void fill_grid(Rng *rng, Mat x) {
    rng_fill_normal(rng, x, 1);
    for (int i = 0; i < x.rows; i++)
        for (int j = 0; j < x.cols; j++)
            *mat_at(x, i, j) = (real)(rint((double)*mat_at(x, i, j) * 1024) / 1024);
}

// |norm(a x + b) - factor norm(x)|, in its rounding bounds: the worst number.
static double affine_error(NormKind kind, Mat x, double a, double b, double epsilon) {
    int d = x.cols;
    Mat moved = mat_new(1, d), y = mat_new(1, d), y_moved = mat_new(1, d);
    mat_fill(moved, (real)b), mat_add_scaled(moved, (real)a, x);
    norm_through(norms[kind].bare, y, (Mat){0}, x, (Mat){0}, epsilon);
    norm_through(norms[kind].bare, y_moved, (Mat){0}, moved, (Mat){0}, epsilon);
    RowNorm r = row_norm(kind, x.at, NULL, d, epsilon),
            r_moved = row_norm(kind, moved.at, NULL, d, epsilon);
    double ratio = epsilon / r.variance, worst = 0;
    double factor = copysign(sqrt((1 + ratio) / (1 + ratio / (a * a))), a);
    for (int j = 0; j < d; j++) {
        double bound = row_y_error(&r_moved, moved.at[j])
                       + fabs(factor) * row_y_error(&r, x.at[j]);
        worst = nan_max(worst, fabs(y_moved.at[j] - factor * y.at[j]) / bound);
    }
    mat_free(moved), mat_free(y), mat_free(y_moved);
    return worst;
}

static void claim_affine(Lab *lab, Rng *rng, int d, double epsilon) {
    const double factors[] = {0.125, 0.5, -2, 8}, epsilons[] = {0, epsilon, 0.1};
    Mat x = mat_new(1, d);
    fill_grid(rng, x);
    double layer = 0, rms = 0;
    for (int e = 0; e < 3; e++)
        for (int i = 0; i < 4; i++) {
            layer =
                nan_max(layer, affine_error(NORM_LAYER, x, factors[i], 3, epsilons[e]));
            rms = nan_max(rms, affine_error(NORM_RMS, x, factors[i], 0, epsilons[e]));
        }
    claim_at_most(lab, "3.12", "LN(ax+b) - LN(x) sqrt((1+r)/(1+r/a^2)), in bounds", 1,
                  layer);
    claim_at_most(lab, "3.12", "RMS(ax) - RMS(x) sqrt((1+r)/(1+r/a^2)), in bounds", 1,
                  rms);
    mat_free(x);
}

// ---- one token, and the mean

static int rows_that_differ(Mat a, Mat b) {
    int count = 0;
    for (int i = 0; i < a.rows; i++)
        count += memcmp(mat_at(a, i, 0), mat_at(b, i, 0), (size_t)a.cols * sizeof(real))
                 != 0;
    return count;
}

static void claim_one_token(Lab *lab, Rng *rng, NormKind kind, int d, double epsilon) {
    Mat m[6];  // x, g, and norm(x), its dx, before and after
    for (int i = 0; i < 6; i++) m[i] = mat_new(TOKENS, d);
    rng_fill_normal(rng, m[0], 1), rng_fill_normal(rng, m[1], 1);
    norm_through(norms[kind].bare, m[2], m[3], m[0], m[1], epsilon);
    rng_fill_normal(rng, mat_rows(m[0], TOKENS / 2, 1), 3);
    norm_through(norms[kind].bare, m[4], m[5], m[0], m[1], epsilon);
    char name[NAME];
    claim_equal(lab, "3.13", of(kind, "one token of 8 changed, outputs changed", name),
                1, rows_that_differ(m[2], m[4]));
    claim_equal(lab, "3.13", of(kind, "... and tokens' gradients changed", name), 1,
                rows_that_differ(m[3], m[5]));
    for (int i = 0; i < 6; i++) mat_free(m[i]);
}

// A row whose mean is 0 in floats, too: the last number makes up for the others.
static void claim_mean_zero(Lab *lab, Rng *rng, int d, double epsilon) {
    Mat x = mat_new(1, d), g = mat_new(1, d), y[2], dx[2];
    fill_grid(rng, x), rng_fill_normal(rng, g, 1);
    x.at[d - 1] = -array_sum(x.at, (size_t)d - 1);
    for (int k = 0; k < 2; k++) {
        y[k] = mat_new(1, d), dx[k] = mat_new(1, d);
        norm_through(norms[k].bare, y[k], dx[k], x, g, epsilon);
    }
    RowNorm r = row_norm(NORM_LAYER, x.at, g.at, d, epsilon);
    double worst = 0, mean_g = 0, mean = 0;
    int differ = 0;
    for (int j = 0; j < d; j++)
        mean_g += (double)g.at[j] / d, differ += y[0].at[j] != y[1].at[j];
    for (int j = 0; j < d; j++)
        worst = nan_max(worst, fabs(dx[1].at[j] - mean_g / r.s - dx[0].at[j])
                                   / (2 * row_dx_error(&r, x.at[j], g.at[j])));
    claim_equal(lab, "3.13", "mean 0: numbers in which RMS and layer norm differ", 0,
                differ);
    claim_at_most(lab, "3.13", "mean 0: dx, RMS - mean(g) / s - layer norm, in bounds",
                  1, worst);
    for (int j = 0; j < d; j++) x.at[j] += 1;
    r = row_norm(NORM_RMS, x.at, NULL, d, epsilon);
    norm_through(norms[NORM_RMS].bare, y[1], (Mat){0}, x, g, epsilon);
    double error = 0;
    for (int j = 0; j < d; j++)
        mean += (double)y[1].at[j] / d, error += row_y_error(&r, x.at[j]) / d;
    claim_near(lab, "3.13", "mean 1: mean of RMS norm, 1 / sqrt(mean x^2 + eps)",
               1 / r.s, mean, error);
    for (int k = 0; k < 2; k++) mat_free(y[k]), mat_free(dx[k]);
    mat_free(x), mat_free(g);
}

// ---- two passes

// 1 / s as the code has it: the slope of its y over x. (The mean's error moves all y
// alike and drops out.)
static double inverse_of(Mat x, double epsilon) {
    Mat y = mat_new(1, x.cols);
    norm_through(bare_layer_norm, y, (Mat){0}, x, (Mat){0}, epsilon);
    RowNorm r = row_norm(NORM_LAYER, x.at, NULL, x.cols, epsilon);
    double sum = 0, squares = 0;
    for (int j = 0; j < x.cols; j++)
        sum += y.at[j] * (x.at[j] - r.mean), squares += pow(x.at[j] - r.mean, 2);
    mat_free(y);
    return sum / squares;
}

// E x^2 - (E x)^2 in float. array_dot rounds the square of the mean, which else may
// never leave a fused register.
static double one_pass_variance(Mat x) {
    size_t d = (size_t)x.cols;
    real mean = array_sum(x.at, d) / (real)x.cols;
    return array_dot(x.at, x.at, d) / (real)x.cols - array_dot(&mean, &mean, 1);
}

// x = offset + z / 2, exactly. Two passes: the mean is off by e <= depth u offset, and
// sum (x - mean - e)^2 by d e^2 only. One pass, at offset 2^12: both terms are near
// 2^24, where floats are whole numbers, so the variance, some 1/4, becomes one: off by
// its distance to the next, at least.
static void claim_two_passes(Lab *lab, Rng *rng, int d, double epsilon) {
    Mat z = mat_new(1, d), x = mat_new(1, d);
    fill_grid(rng, z);
    double worst = 0, variance = 0, once = 0;
    for (int offset = 1; offset <= 1 << 12; offset *= 2) {
        mat_fill(x, (real)offset), mat_add_scaled(x, (real)0.5, z);
        RowNorm r = row_norm(NORM_LAYER, x.at, NULL, d, epsilon);
        double shift = (r.depth + 1) * 0x1p-24 * r.x_size / r.s;
        double bound = shift * shift / 2 + (r.depth + 8) * 0x1p-24;
        worst = nan_max(worst, fabs(inverse_of(x, epsilon) * r.s - 1) / bound);
        variance = r.variance, once = one_pass_variance(x);
    }
    claim_at_most(lab, "3.14", "offsets 1 to 4096: 1 / s of layer_norm, in bounds", 1,
                  worst);
    claim_at_least(lab, "3.14", "offset 4096: float E x^2 - (E x)^2, relative error",
                   fabs(variance - rint(variance)) / variance,
                   fabs(once - variance) / variance);
    lab_print(lab, "  the variance is %.4f; one pass says %g", variance, once);
    mat_free(z), mat_free(x);
}

static void run(Lab *lab) {
    int d = (int)option_int(&lab->args, "dim", 4, 1024);
    double epsilon = option_real(&lab->args, "epsilon", 1e-12, 1);
    for (int kind = 0; kind < NORM_KINDS; kind++)
        claim_derivative(lab, &lab->rng, (NormKind)kind, d, epsilon);
    claim_and_draw_scales(lab, &lab->rng, d, epsilon);
    claim_affine(lab, &lab->rng, d, epsilon);
    for (int kind = 0; kind < NORM_KINDS; kind++)
        claim_one_token(lab, &lab->rng, (NormKind)kind, d, epsilon);
    claim_mean_zero(lab, &lab->rng, d, epsilon);
    claim_two_passes(lab, &lab->rng, d, epsilon);
}

const LabSpec lab_norm_backward = {"norm-backward", "3.3",
                                   "What a norm leaves of a gradient", run, options};
