// The gradient of the last feed-forward matrix against the number of layers.
// Lecture, section 3.6.
//
//     dL/dW = relu(y U)^T dx,   |relu|^2 = d/2,  |dx| = 1 / sigma:  the last norm divides by what it measures
//     Post-LN   sigma^2 = 3/2:          |dL/dW|_F = sqrt(d / 3), whatever L
//     Pre-LN    sigma^2 = q_L ~ L:      |dL/dW|_F = sqrt(d / (2 q_L)) ~ L^(-1/2)
//
// Xiong et al. (2020), arXiv:2002.04745, Theorem 1, bound these by O(d sqrt(ln d)) and
// O(d sqrt(ln d / L)).
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ch03_transformer/labs/theory_stack.h"
#include "common/error.h"
#include "common/numeric/fit.h"
#include "common/program/plot.h"

static const Option options[] = {
    {"dim", "64", "channels d"},
    {"tokens", "32", "tokens n"},
    {"depth-most", "64", "largest number of layers"},
    {"draws", "80", "draws of weights, tokens and classes"},
    {0}};

enum { CLASSES = 64, DEPTHS = 8 };

typedef struct {
    int d, n, draws, depths;
    double L[DEPTHS];  // 2, 4, 8, ...
    // PLACE_POST, PLACE_PRE: [draw][DEPTHS], |dL/dW|^2
    double *squares[2];
    // root mean square; standard error of its logarithm
    double norm[2][DEPTHS], error[2][DEPTHS];
    double predicted[2][DEPTHS];
} Gradients;

// Of the last of the stack's first `layers` blocks. All else is frozen, so nothing is
// pulled back further.
static double last_gradient(TheoryStack *s, Mat x, int layers, Rng rng) {
    char name[48];
    snprintf(name, sizeof name, "block.%d.ffn.down.weight", layers - 1);
    params_freeze(&s->params, "", true), params_freeze(&s->params, name, false);
    params_allocate_grads(&s->params);
    int all = s->shape.layers;
    s->shape.layers = layers;
    Tape *t = tape_new(&s->params);
    tape_backward(
        t, theory_loss(t, s, theory_forward(t, s, constant_node(t, x), NULL), &rng));
    tape_free(t);
    s->shape.layers = all;
    return sum_of_squares(
        params_grad(&s->params, s->blocks[layers - 1].ffn.down.weight));
}

static void measure(const Gradients *g, const Rng *parent, int draw) {
    Rng rng = rng_split(parent, (uint64_t)draw);
    Mat x = mat_new(g->n, g->d);
    rng_fill_normal(&rng, x, 1);
    StackShape shape = {.tokens = g->n,
                        .channels = g->d,
                        .layers = (int)g->L[g->depths - 1],
                        .classes = CLASSES,
                        .place = PLACE_PRE};
    TheoryStack s = theory_stack_new(&shape, &rng);
    for (int place = PLACE_POST; place <= PLACE_PRE; place++) {
        theory_place(&s, (NormPlace)place);
        for (int i = 0; i < g->depths; i++)
            g->squares[place][draw * DEPTHS + i] =
                last_gradient(&s, x, (int)g->L[i], rng);
    }
    theory_stack_free(&s), mat_free(x);
}

static void measure_all(Gradients *g, const Rng *rng) {
    for (int place = 0; place < 2; place++)
        g->squares[place] = allocate((size_t)g->draws * DEPTHS, sizeof(double));
#pragma omp parallel for schedule(dynamic)
    for (int k = 0; k < g->draws; k++) measure(g, rng, k);
    Moments *m = allocate(2 * (size_t)g->L[g->depths - 1] + 1, sizeof *m);
    pre_ln_moments(m, (int)g->L[g->depths - 1], g->n, 1);
    for (int i = 0; i < g->depths; i++)
        for (int place = 0; place < 2; place++) {
            Average a = average(g->squares[place] + i, g->draws, DEPTHS);
            g->norm[place][i] = sqrt(a.mean), g->error[place][i] = a.error / a.mean / 2;
            double sigma2 = place == PLACE_POST ? 1.5 : m[2 * (int)g->L[i]].square;
            g->predicted[place][i] = sqrt(g->d / (2 * sigma2));
        }
    for (int place = 0; place < 2; place++) free(g->squares[place]);
    free(m);
}

// Left out are terms of order 1/d: two of d directions that the last norm removes take
// 1/d from the norm, the scatter of sigma^2 from draw to draw (a relative variance of
// some 2/d) adds as much.
static double worst(const Gradients *g, int place) {
    double most = 0;
    for (int i = 0; i < g->depths; i++)
        most = nan_max(most, fabs(g->norm[place][i] / g->predicted[place][i] - 1)
                                 / (5 * g->error[place][i] + 1.0 / g->d));
    return most;
}

// Over all L but the first. All depths share blocks, so their errors are positively
// correlated: a slope's is smaller than that of independent points, which is what
// log_slope returns.
static void claim_post_slope(Lab *lab, const Gradients *g) {
    if (g->depths < 5) return;
    double error, slope = log_slope(g->L + 1, g->norm[PLACE_POST] + 1,
                                    g->error[PLACE_POST] + 1, g->depths - 1, &error);
    claim_near(lab, "3.34", "Post-LN: slope of ln |dL/dW| against ln L", 0, slope,
               5 * error);
    claim_at_least(lab, "3.34", "Post-LN: standard errors away from -1/2", 5,
                   (slope + 0.5) / error);
}

// q_L is not yet proportional to L; mean field says how far its slope is from the
// limit.
static void claim_pre_slope(Lab *lab, const Gradients *g) {
    if (g->depths < 5) return;
    double error, slope = log_slope(g->L + 1, g->norm[PLACE_PRE] + 1,
                                    g->error[PLACE_PRE] + 1, g->depths - 1, &error);
    double bent =
        fabs(log_slope(g->L + 1, g->predicted[PLACE_PRE] + 1, NULL, g->depths - 1, NULL)
             + 0.5);
    claim_near(lab, "3.35", "Pre-LN: slope of ln |dL/dW| against ln L", -0.5, slope,
               bent + 5 * error);
    claim_at_least(lab, "3.35", "Pre-LN: standard errors away from 0", 5,
                   -slope / error);
}

// Theorem 1's d sqrt(ln d) is a bound. What there is grows like sqrt(d).
static void claim_widths(Lab *lab, const Gradients *g) {
    for (int d = g->d / 2; d <= 2 * g->d; d *= 4) {
        Gradients other = {.d = d, .n = g->n, .draws = g->draws, .depths = 1, .L = {2}};
        Rng rng = rng_split(&lab->rng, (uint64_t)(1000000 + d));
        measure_all(&other, &rng);
        char what[64];
        snprintf(what, sizeof what, "Post-LN, d = %d, L = 2: |dL/dW| = sqrt(d / 3)", d);
        double predicted = other.predicted[PLACE_POST][0];
        claim_near(lab, "3.34", what, predicted, other.norm[PLACE_POST][0],
                   predicted * (5 * other.error[PLACE_POST][0] + 1.0 / d));
    }
}

static void draw(Lab *lab, const Gradients *g) {
    Plot *p = plot_new(
        lab, "gradient_depth",
        "layers post post_error post_predicted pre pre_error pre_predicted root");
    for (int i = 0; i < g->depths; i++)
        plot_row(p, g->L[i], g->norm[PLACE_POST][i],
                 2 * g->error[PLACE_POST][i] * g->norm[PLACE_POST][i],
                 g->predicted[PLACE_POST][i], g->norm[PLACE_PRE][i],
                 2 * g->error[PLACE_PRE][i] * g->norm[PLACE_PRE][i],
                 g->predicted[PLACE_PRE][i], 1.2 * sqrt(g->d / 2.0 / g->L[i]));
    plot_axes(p, "L: layers", "norm of the last layer's gradient");
    plot_set(p, "logscale x 2"), plot_set(p, "logscale y");
    plot_set(p, "xrange [%g:%g]", g->L[0] / 1.2, g->L[g->depths - 1] * 1.2);
    plot_set(p, "ytics (0.2, 0.5, 1, 2, 5, 10)");
    plot_set(p, "yrange [%g:%g]", g->predicted[PLACE_PRE][g->depths - 1] / 1.6,
             g->predicted[PLACE_POST][0] * 1.6);
    plot_line(p, "layers", "post_predicted", "sqrt(d / 3)");
    plot_line(p, "layers", "pre_predicted", "sqrt(d / 2) / {/Symbol s}_L");
    plot_dashes(p, "layers", "root", "a slope of -1/2");
    plot_errors(p, "layers", "post", "post_error", "Post-LN");
    plot_errors(p, "layers", "pre", "pre_error", "Pre-LN, +-2 s.e.");
    plot_end(p);
}

static void run(Lab *lab) {
    const Args *args = &lab->args;
    Gradients g = {.d = (int)option_int(args, "dim", 16, 128),
                   .n = (int)option_int(args, "tokens", 1, 256),
                   .draws = (int)option_int(args, "draws", 8, 1000)};
    int most = (int)option_int(args, "depth-most", 2, 128);
    for (int L = 2; L <= most; L *= 2) g.L[g.depths++] = L;
    measure_all(&g, &lab->rng);
    claim_at_most(lab, "3.34", "Post-LN: |dL/dW| - sqrt(d / 3), over 5 s.e. + 1/d", 1,
                  worst(&g, PLACE_POST));
    claim_widths(lab, &g);
    claim_post_slope(lab, &g);
    claim_at_most(lab, "3.35", "Pre-LN: |dL/dW| - sqrt(d / 2 q_L), over the same", 1,
                  worst(&g, PLACE_PRE));
    claim_pre_slope(lab, &g);
    draw(lab, &g);
}

const LabSpec lab_gradient_depth = {
    "gradient-depth", "3.6", "The last layer's gradient against depth", run, options};
