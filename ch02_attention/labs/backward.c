// The backward pass against finite differences. Lecture, section 2.3.
//
//     dS_ij = P_ij (dP_ij - D_i),    D_i = sum_j P_ij dP_ij = sum_c dO_ic O_ic
//
// A loss L = sum of R O with random R; its derivative along a random direction u of Q,
// K and V, by attention_backward, and by (L(+h) - L(-h)) / 2h with L in double by plain
// loops. The latter is off by h^2 L'''/6 and by rounding / h: a valley, whose floor
// only double reaches. Leaving out D, the usual mistake, is off by a constant.
#include <math.h>
#include <stdlib.h>

#include "ch02_attention/attention.h"
#include "common/error.h"
#include "common/program/plot.h"

static const Option options[] = {{"tokens", "24", "T"}, {"dim", "8", "d"}, {0}};

typedef struct {
    int T, d;
    Mat q, k, v, r;  // r: the gradient of the loss with respect to the output
    Mat uq, uk, uv;  // the direction
} Case;

// L at Q + h U_Q, K + h U_K, V + h U_V. Causal.
static double loss(const Case *c, double h) {
    double *s = allocate((size_t)c->T, sizeof *s), total = 0;
    for (int i = 0; i < c->T; i++) {
        double sum = 0;
        for (int j = 0; j <= i; j++) {
            s[j] = 0;
            for (int a = 0; a < c->d; a++)
                s[j] += (*mat_at(c->q, i, a) + h * *mat_at(c->uq, i, a))
                        * (*mat_at(c->k, j, a) + h * *mat_at(c->uk, j, a));
            sum += s[j] = exp(s[j] / sqrt(c->d));
        }
        for (int j = 0; j <= i; j++)
            for (int a = 0; a < c->d; a++)
                total += *mat_at(c->r, i, a) * s[j] / sum
                         * (*mat_at(c->v, j, a) + h * *mat_at(c->uv, j, a));
    }
    free(s);
    return total;
}

static double inner(Mat a, Mat b, double *size) {
    double sum = 0;
    for (int i = 0; i < a.rows; i++)
        for (int j = 0; j < a.cols; j++) {
            double x = (double)*mat_at(a, i, j) * *mat_at(b, i, j);
            sum += x, *size += fabs(x);
        }
    return sum;
}

typedef struct {
    double slope, size;   // the derivative along u; the sum of the sizes of its terms
    double without_d;     // the mistake
    double d_difference;  // the two forms of D
    double dq_off;        // the mistake's dQ: its largest difference
} Derivative;

static Derivative derivative(const Case *c) {
    int T = c->T, d = c->d;
    Mat out = mat_new(T, d), p = mat_new(T, T), dp = mat_new(T, T),
        wrong = mat_new(T, d);
    Mat dq = mat_new(T, d), dk = mat_new(T, d), dv = mat_new(T, d);
    Mask causal = {.causal = true};
    real scale = attention_scale(d);
    attention(out, p, c->q, c->k, c->v, scale, (Mat){0}, &causal);
    attention_backward(dq, dk, dv, (Mat){0}, c->r, p, c->q, c->k, c->v, scale);
    Derivative g = {0};
    double unused = 0;
    g.slope = inner(dq, c->uq, &g.size) + inner(dk, c->uk, &g.size)
              + inner(dv, c->uv, &g.size);
    matmul(dp, c->r, mat_transpose(c->v));
    for (int i = 0; i < T; i++) {
        double by_p = 0, by_o = 0;
        for (int j = 0; j <= i; j++)
            by_p += (double)*mat_at(p, i, j) * *mat_at(dp, i, j);
        for (int a = 0; a < d; a++)
            by_o += (double)*mat_at(c->r, i, a) * *mat_at(out, i, a);
        g.d_difference = nan_max(g.d_difference, fabs(by_p - by_o));
        // no D
        for (int j = 0; j < T; j++)
            *mat_at(dp, i, j) = scale * *mat_at(p, i, j) * *mat_at(dp, i, j);
    }
    matmul(wrong, dp, c->k);
    g.without_d = inner(wrong, c->uq, &unused);
    for (int i = 0; i < T; i++)
        for (int a = 0; a < d; a++)
            g.dq_off = nan_max(g.dq_off,
                               fabs((double)*mat_at(wrong, i, a) - *mat_at(dq, i, a)));
    matmul(wrong, mat_transpose(dp), c->q);
    g.without_d += inner(wrong, c->uk, &unused) + inner(dv, c->uv, &unused);
    Mat all[] = {out, p, dp, wrong, dq, dk, dv};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
    return g;
}

static double slope_error(const Case *c, double h, double slope) {
    return (loss(c, h) - loss(c, -h)) / (2 * h) - slope;
}

// By how much the error h^2 L''' / 6 falls when h = 0.02 is halved: 4, plus terms in
// h^2 of L^(5) / L''', here some thousandths. Along one direction L''' may happen to be
// 0; over DIRECTIONS of them the root mean square is not.
enum { DIRECTIONS = 16 };

static double halving(Case *c, Rng *rng) {
    double whole = 0, half = 0;
    for (int i = 0; i < DIRECTIONS; i++) {
        rng_fill_normal(rng, c->uq, 1), rng_fill_normal(rng, c->uk, 1),
            rng_fill_normal(rng, c->uv, 1);
        // attention_backward's: a wrong one leaves the quotient at 1
        double slope = derivative(c).slope;
        whole += pow(slope_error(c, 0.02, slope), 2),
            half += pow(slope_error(c, 0.01, slope), 2);
    }
    return sqrt(whole / half);
}

static void run(Lab *lab) {
    Case c = {.T = (int)option_int(&lab->args, "tokens", 2, 256),
              .d = (int)option_int(&lab->args, "dim", 1, 128)};
    Mat *all[] = {&c.q, &c.k, &c.v, &c.r, &c.uq, &c.uk, &c.uv};
    for (int i = 0; i < 7; i++) {
        *all[i] = mat_new(c.T, c.d);
        rng_fill_normal(&lab->rng, *all[i], 1);
    }
    Derivative g = derivative(&c);
    const double h = 1e-5;
    double fine = (loss(&c, h) - loss(&c, -h)) / (2 * h), scale = g.size;
    // Each term of the derivative went through sums of T and d floats: T + d + 8
    // roundings at most.
    claim_near(lab, "2.13", "attention_backward against (L(+h) - L(-h)) / 2h", fine,
               g.slope, (c.T + c.d + 8) * 0x1p-24 * scale);
    double coarse = slope_error(&c, 0.02, fine);
    Case other = c;  // other directions from the same point
    other.uq = mat_new(c.T, c.d), other.uk = mat_new(c.T, c.d),
    other.uv = mat_new(c.T, c.d);
    double quotient = halving(&other, &lab->rng);
    mat_free(other.uq), mat_free(other.uk), mat_free(other.uv);
    claim_near(lab, "2.13", "halving h divides the difference by 4", 4, quotient, 0.1);
    claim_near(lab, "2.13", "D_i = sum_j P dP = sum_c dO O: largest difference", 0,
               g.d_difference, (c.T + c.d + 8) * 0x1p-24 * 4 * c.d);
    // A thousand times what rounding could do to a dQ of size 1.
    claim_at_least(lab, "2.13", "without D: largest error of dQ",
                   1000 * (c.T + c.d + 8) * 0x1p-24, g.dq_off);
    Plot *p = plot_new(lab, "backward", "h difference law without_d rounding");
    for (double step = 0.3; step > 1e-11; step /= 2) {
        double slope = (loss(&c, step) - loss(&c, -step)) / (2 * step);
        plot_row(p, step, fabs(slope - fine), fabs(coarse) * pow(step / 0.02, 2),
                 fabs(slope - g.without_d), fabs(slope - g.slope));
    }
    plot_axes(p, "e: the step", "|finite difference - derivative|");
    plot_set(p, "logscale xy"), plot_set(p, "format x \"10^{%%T}\""),
        plot_set(p, "format y \"10^{%%T}\"");
    plot_set(p, "yrange [1e-13:100]");
    plot_line(p, "h", "law", "third derivative x e^2 / 6");
    plot_points(p, "h", "difference", "double, against itself at 10^{-5}"),
        plot_points(p, "h", "rounding", "attention\\_backward, float");
    plot_points(p, "h", "without_d", "without D");
    plot_end(p);
    for (int i = 0; i < 7; i++) mat_free(*all[i]);
}

const LabSpec lab_backward = {
    "backward", "2.3", "The backward pass against finite differences", run, options};
