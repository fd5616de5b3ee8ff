// N5, second part: Pre-LN's gradients layer by layer. Lecture, section 3.6.
//
//     |dL/dW_l|_F ~ sqrt(d / 2) / sigma_l,  sigma_l^2 = q_l = E|x_l|^2 / d:
//                                                                         it falls with l and does not know L
//
// Going back through one sublayer multiplies |dx|^2 by q_(k+1) / q_k, just as going
// forward multiplies |x|^2; the product over all later sublayers leaves q_L / q_l, and
// the last norm has divided by q_L. Exact in mean field for feed-forward layers;
// attention adds the gradients of n tokens as it adds tokens, only not with the same
// weights (theory_stack.h).
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
    {"layers", "32", "blocks of the deepest of three stacks"},
    {"draws", "80", "draws of weights, tokens and classes"},
    {0}};

enum { CLASSES = 64, STACKS = 3 };  // L/4, L/2 and L blocks

typedef struct {
    int d, n, layers, draws;
    int depth[STACKS];
    double *squares[STACKS];  // [draw][layers + 1]: |dL/dW_l|^2
    double *predicted[STACKS];
    Moments *moments;
} Layers;

static void measure(const Layers *g, const Rng *parent, int draw) {
    Rng rng = rng_split(parent, (uint64_t)draw);
    Mat x = mat_new(g->n, g->d);
    rng_fill_normal(&rng, x, 1);
    StackShape shape = {.tokens = g->n,
                        .channels = g->d,
                        .layers = g->layers,
                        .classes = CLASSES,
                        .place = PLACE_PRE};
    TheoryStack s = theory_stack_new(&shape, &rng);
    params_freeze(&s.params, "query", true), params_freeze(&s.params, "key", true);
    params_allocate_grads(&s.params);
    Tape *t = tape_new(&s.params);
    for (int k = 0; k < STACKS; k++) {
        Rng own = rng;
        s.shape.layers = g->depth[k];
        tape_backward(
            t,
            theory_loss(t, &s, theory_forward(t, &s, constant_node(t, x), NULL), &own));
        for (int l = 1; l <= g->depth[k]; l++)
            g->squares[k][draw * (g->layers + 1) + l] =
                sum_of_squares(params_grad(&s.params, s.blocks[l - 1].ffn.down.weight));
        params_zero_grads(&s.params), tape_reset(t);
    }
    tape_free(t), theory_stack_free(&s), mat_free(x);
}

// Root mean square of block l's gradient, with its error relative to it.
static Average norm_at(const Layers *g, int stack, int l) {
    Average a = average(g->squares[stack] + l, g->draws, g->layers + 1);
    return (Average){sqrt(a.mean), a.error / a.mean / 2};
}

// The law that does not know L.
static double law(const Layers *g, int l) {
    return sqrt(g->d / 2.0 / g->moments[2 * l].square);
}

// Terms of order 1/d, as for the last layer: 1/d for the norm on top, and once more for
// the norms on the way down.
static void claim_mean_field(Lab *lab, const Layers *g) {
    double worst = 0;
    for (int k = 0; k < STACKS; k++)
        for (int l = 1; l <= g->depth[k]; l++) {
            Average a = norm_at(g, k, l);
            worst = nan_max(worst, fabs(a.mean / sqrt(g->d * g->predicted[k][l]) - 1)
                                       / (5 * a.error + 2.0 / g->d));
        }
    claim_at_most(lab, "3.36", "|dL/dW_l| - mean field, over 5 s.e. + 2/d", 1, worst);
}

// The same layers in a stack of L/4 blocks and of L: errors as if they were
// independent, which is more than they have.
static void claim_depth_unknown(Lab *lab, const Layers *g) {
    double worst = 0, rival = INFINITY;
    for (int l = 1; l <= g->depth[0]; l++) {
        Average few = norm_at(g, 0, l), many = norm_at(g, STACKS - 1, l);
        double error = hypot(few.error, many.error), quotient = few.mean / many.mean;
        double predicted = sqrt(g->predicted[0][l] / g->predicted[STACKS - 1][l]);
        worst =
            nan_max(worst, fabs(quotient / predicted - 1) / (5 * error + 2.0 / g->d));
        rival = nan_min(rival,
                        (sqrt((double)g->layers / g->depth[0]) / quotient - 1) / error);
    }
    claim_at_most(lab, "3.37", "|dL/dW_l|, L/4 blocks over L: off mean field's 1.0", 1,
                  worst);
    claim_at_least(lab, "3.37", "away from the 2 of gradients ~ L^(-1/2), s.e.", 5,
                   rival);
}

// Slope of ln |dL/dW_l| against ln q_l, a draw a slope: the layers of one draw are
// correlated, the draws are not.
static void claim_slope(Lab *lab, const Layers *g) {
    int L = g->layers, top = STACKS - 1;
    double *slopes = allocate((size_t)g->draws, sizeof *slopes),
           *q = allocate((size_t)L, sizeof *q),
           *norms = allocate((size_t)L, sizeof *norms);
    for (int l = 1; l <= L; l++)
        q[l - 1] = g->moments[2 * l].square, norms[l - 1] = sqrt(g->predicted[top][l]);
    double predicted = log_slope(q, norms, NULL, L, NULL);
    for (int k = 0; k < g->draws; k++) {
        for (int l = 1; l <= L; l++)
            norms[l - 1] = sqrt(g->squares[top][k * (L + 1) + l]);
        slopes[k] = log_slope(q, norms, NULL, L, NULL);
    }
    Average a = average(slopes, g->draws, 1);
    // Mean field has the slope to the first decimal; what attention changes of 1/2 is
    // its difference from it.
    claim_near(lab, "3.36", "slope of ln |dL/dW_l| against ln sigma_l^2", -0.5, a.mean,
               fabs(predicted + 0.5) + 5 * a.error);
    claim_at_least(lab, "3.36", "away from 0, equal gradients in all layers, s.e.", 5,
                   -a.mean / a.error);
    free(slopes), free(q), free(norms);
}

static void print_range(Lab *lab, const Layers *g) {
    double least = INFINITY, most = 0;
    for (int l = 1; l <= g->layers; l++) {
        double scaled = norm_at(g, STACKS - 1, l).mean / law(g, l);
        least = nan_min(least, scaled), most = nan_max(most, scaled);
    }
    lab_print(lab,
              "L = %d: |dL/dW_l| falls %.2f times, times sigma_l / sqrt(d / 2) it is "
              "%.3f to %.3f",
              g->layers,
              norm_at(g, STACKS - 1, 1).mean / norm_at(g, STACKS - 1, g->layers).mean,
              least, most);
}

static void draw(Lab *lab, const Layers *g) {
    Plot *p =
        plot_new(lab, "gradient_layers", "layer law mean_field equal few some many");
    for (int l = 1; l <= g->layers; l++) {
        double row[STACKS];
        for (int k = 0; k < STACKS; k++)
            row[k] = l <= g->depth[k] ? norm_at(g, k, l).mean : NAN;
        plot_row(p, l, law(g, l), sqrt(g->d * g->predicted[STACKS - 1][l]),
                 law(g, g->layers), row[0], row[1], row[2]);
    }
    plot_axes(p, "layer l", "norm of the gradient of layer l");
    plot_set(p, "logscale x 2"), plot_set(p, "logscale y");
    plot_set(p, "xrange [0.9:%g]", g->layers * 1.1),
        plot_set(p, "ytics (0.2, 0.5, 1, 2, 5, 10)");
    plot_set(p, "yrange [%g:%g]", law(g, g->layers) / 1.5, law(g, 1) * 1.5);
    plot_line(p, "layer", "law", "sqrt(d / 2) / {/Symbol s}_l");
    plot_dashes(p, "layer", "mean_field", "mean field with attention");
    plot_dashes(p, "layer", "equal", "equal in all layers");
    static const char *const columns[] = {"few", "some", "many"}, *const colours[] = {
                                                                      "#000000",
                                                                      "#e69f00",
                                                                      "#56b4e9"};
    for (int k = STACKS - 1; k >= 0; k--)  // the largest circle first
        plot_series(p,
                    "using \"layer\":\"%s\" with points pointtype 6 linewidth 2 "
                    "pointsize %.1f linecolor \"%s\" "
                    "title \"L = %d\"",
                    columns[k], 0.6 + 0.5 * k, colours[k], g->depth[k]);
    plot_end(p);
}

static void run(Lab *lab) {
    const Args *args = &lab->args;
    Layers g = {.d = (int)option_int(args, "dim", 16, 128),
                .n = (int)option_int(args, "tokens", 1, 256),
                .layers = (int)option_int(args, "layers", 8, 64),
                .draws = (int)option_int(args, "draws", 8, 1000)};
    g.moments = allocate(2 * (size_t)g.layers + 1, sizeof *g.moments);
    pre_ln_moments(g.moments, g.layers, g.n, 1);
    for (int k = 0; k < STACKS; k++) {
        g.depth[k] = g.layers >> (STACKS - 1 - k);
        g.squares[k] =
            allocate((size_t)g.draws * ((size_t)g.layers + 1), sizeof(double));
        g.predicted[k] = allocate((size_t)g.layers + 1, sizeof(double));
        pre_ln_gradients(g.predicted[k], g.moments, g.depth[k], g.n);
    }
#pragma omp parallel for schedule(dynamic)
    for (int k = 0; k < g.draws; k++) measure(&g, &lab->rng, k);
    claim_mean_field(lab, &g);
    claim_slope(lab, &g);
    claim_depth_unknown(lab, &g);
    print_range(lab, &g);
    draw(lab, &g);
    for (int k = 0; k < STACKS; k++) free(g.squares[k]), free(g.predicted[k]);
    free(g.moments);
}

const LabSpec lab_gradient_layers = {
    "gradient-layers", "3.6", "Pre-LN's gradients, layer by layer", run, options};
