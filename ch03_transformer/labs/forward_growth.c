// How far the residual stream grows at initialisation. Lecture, section 3.5.
//
//     Post-LN  x = norm(x + F(x)):  in front of the last norm of a block   E|x|^2 = (3/2) d
//     Pre-LN   x = x + F(norm(x)):
//                               (1 + l/2) d <= E|x_l|^2 <= (1 + 3l/2) d, and in between where mean field says
//     GPT-2    F's last matrix times 1 / sqrt(2 L):
//                                             E|x_L|^2 / d = 1 + half the mean growth of a layer, for every L
//
// Xiong et al. (2020), arXiv:2002.04745, Lemma 2, and its setting (theory_stack.h).
// Radford et al., GPT-2 (2019).
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ch03_transformer/labs/theory_stack.h"
#include "common/error.h"
#include "common/program/plot.h"

static const Option options[] = {{"dim", "64", "channels d"},
                                 {"tokens", "32", "tokens n, an even number"},
                                 {"layers", "32", "blocks L"},
                                 {"draws", "64", "draws of weights and tokens"},
                                 {0}};

// What is measured after each block, in units of d. SAME: from n equal tokens.
// OPPOSITE: from tokens x and -x in pairs.
enum { PRE, PRE_PRODUCT, SAME, OPPOSITE, POST, GPT2, CURVES };
enum { DEPTHS = 4 };  // GPT-2's scaling for L, L/2, L/4, L/8 layers

typedef struct {
    int d, n, layers, draws;
    double *values;  // [draw][curve][layer 0 .. layers]
    double *depths;  // [draw][DEPTHS]: GPT-2's last square
} Growth;

static double *value(const Growth *g, int draw, int curve, int layer) {
    return &g->values[((size_t)draw * CURVES + (size_t)curve) * ((size_t)g->layers + 1)
                      + (size_t)layer];
}

// Mean of x_i.x_j over pairs i != j: |sum of all|^2 has them twice and the squares
// once.
static double mean_product(Mat x) {
    double total = 0;
    for (int j = 0; j < x.cols; j++) {
        double sum = 0;
        for (int i = 0; i < x.rows; i++) sum += *mat_at(x, i, j);
        total += sum * sum;
    }
    return (total - sum_of_squares(x)) / x.rows / (x.rows - 1);
}

// Mean squares after every block. Post-LN: of what the block's last norm reads.
static void squares(const Growth *g, Tape *t, const TheoryStack *s, Mat x, int draw,
                    int curve) {
    Node **states = allocate((size_t)s->shape.layers + 1, sizeof *states);
    theory_forward(t, s, constant_node(t, x), states);
    for (int l = 0; l <= s->shape.layers; l++) {
        bool post = s->shape.place == PLACE_POST && l > 0;
        Mat m = post ? states[l]->from[0]->value : states[l]->value;
        *value(g, draw, curve, l) = sum_of_squares(m) / m.rows / m.cols;
        if (curve == PRE) *value(g, draw, PRE_PRODUCT, l) = mean_product(m) / m.cols;
    }
    free(states);
    tape_reset(t);
}

static void scale_outputs(TheoryStack *s, int layers, double factor) {
    for (int l = 0; l < layers; l++)
        for (int k = 0; k < 2; k++) {
            Mat w = params_value(&s->params, k ? s->blocks[l].ffn.down.weight
                                               : s->blocks[l].attention.out.weight);
            for (int i = 0; i < w.rows; i++)
                for (int j = 0; j < w.cols; j++) *mat_at(w, i, j) *= (real)factor;
        }
}

// The first L/8, L/4, L/2 and L blocks, each time with 1 / sqrt(2 x as many).
static void gpt2(const Growth *g, Tape *t, TheoryStack *s, Mat x, int draw) {
    double gain = 1;
    for (int k = DEPTHS - 1; k >= 0; k--) {
        int layers = s->shape.layers = g->layers >> k;
        if (layers == 0) continue;
        double wanted = 1 / sqrt(2.0 * layers);
        scale_outputs(s, g->layers, wanted / gain);
        gain = wanted;
        squares(g, t, s, x, draw, GPT2);
        g->depths[draw * DEPTHS + k] = *value(g, draw, GPT2, layers);
    }
}

static void measure(const Growth *g, const Rng *parent, int draw) {
    Rng rng = rng_split(parent, (uint64_t)draw);
    Mat x = mat_new(g->n, g->d), same = mat_new(g->n, g->d),
        opposite = mat_new(g->n, g->d);
    rng_fill_normal(&rng, x, 1);
    for (int i = 0; i < g->n; i++) {
        mat_copy(mat_rows(same, i, 1), mat_rows(x, 0, 1));
        mat_add_scaled(mat_rows(opposite, i, 1), i % 2 ? -1 : 1, mat_rows(x, i / 2, 1));
    }
    StackShape shape = {
        .tokens = g->n, .channels = g->d, .layers = g->layers, .place = PLACE_PRE};
    TheoryStack s = theory_stack_new(&shape, &rng);
    Tape *t = tape_new(&s.params);
    squares(g, t, &s, x, draw, PRE), squares(g, t, &s, same, draw, SAME),
        squares(g, t, &s, opposite, draw, OPPOSITE);
    theory_place(&s, PLACE_POST);
    squares(g, t, &s, x, draw, POST);
    theory_place(&s, PLACE_PRE);
    gpt2(g, t, &s, x, draw);
    tape_free(t), theory_stack_free(&s);
    mat_free(x), mat_free(same), mat_free(opposite);
}

static Average at(const Growth *g, int curve, int layer) {
    return average(value(g, 0, curve, layer), g->draws, CURVES * (g->layers + 1));
}

// Given y, |y|^2 = d: f = relu(y U) D has E|f|^2 = d/2 and is uncorrelated with y,
// whatever d. One token's |y + f|^2 / d has the variance 3.75 / d: 2 / d from 2 y.f,
// 1.75 / d from |f|^2. Tokens of one block share U and D and count as one; blocks have
// a mean of 3/2 whatever came before, so their errors are uncorrelated.
static void claim_post(Lab *lab, const Growth *g) {
    double mean = 0;
    for (int l = 1; l <= g->layers; l++) mean += at(g, POST, l).mean / g->layers;
    claim_near(lab, "3.30", "Post-LN: E|x|^2 / d before a block's last norm", 1.5, mean,
               5 * sqrt(3.75 / g->d / g->layers / g->draws));
}

static void claim_band(Lab *lab, const Growth *g) {
    double below = -INFINITY, above = -INFINITY, edge = 0;
    for (int l = 1; l <= g->layers; l++) {
        Average pre = at(g, PRE, l), same = at(g, SAME, l);
        below = nan_max(below, (1 + l / 2.0 - pre.mean) / pre.error);
        above = nan_max(above, (pre.mean - 1 - 1.5 * l) / pre.error);
        edge = nan_max(edge, fabs(same.mean - 1 - 1.5 * l) / same.error);
    }
    claim_at_most(lab, "3.31", "Pre-LN: below 1 + l/2 by at most, standard errors", 5,
                  below);
    claim_at_most(lab, "3.31", "Pre-LN: above 1 + 3l/2 by at most, standard errors", 5,
                  above);
    Average opposite = at(g, OPPOSITE, 1);
    claim_near(lab, "3.31", "tokens x and -x: the lower edge at l = 1", 1.5,
               opposite.mean, 5 * opposite.error);
    claim_at_most(lab, "3.31", "n equal tokens: off the upper edge, standard errors", 5,
                  edge);
}

// Largest difference to mean field over what is allowed: 5 standard errors, and 1/d for
// the terms it leaves out.
static double off(Average a, double predicted, int d) {
    return fabs(a.mean - predicted) / (5 * a.error + predicted / d);
}

static void claim_mean_field(Lab *lab, const Growth *g, const Moments *pre,
                             const Moments *scaled) {
    double square = 0, product = 0, small = 0;
    for (int l = 1; l <= g->layers; l++) {
        square = nan_max(square, off(at(g, PRE, l), pre[2 * l].square, g->d));
        product =
            nan_max(product, off(at(g, PRE_PRODUCT, l), pre[2 * l].product, g->d));
        small = nan_max(small, off(at(g, GPT2, l), scaled[2 * l].square, g->d));
    }
    claim_at_most(lab, "3.32", "Pre-LN: E|x_l|^2 - mean field, over 5 s.e. + 1/d", 1,
                  square);
    claim_at_most(lab, "3.32", "Pre-LN: E x_i.x_j - mean field, over the same", 1,
                  product);
    claim_at_most(lab, "3.33", "GPT-2's init: E|x_l|^2 - mean field, the same", 1,
                  small);
}

// One layer of Pre-LN adds between 1/2 and 3/2, and with variances over 2 L all of them
// half of that.
static void claim_depths(Lab *lab, const Growth *g) {
    for (int k = DEPTHS - 1; k >= 0; k--) {
        int layers = g->layers >> k;
        if (layers == 0) continue;
        Moments *m = allocate(2 * (size_t)layers + 1, sizeof *m);
        pre_ln_moments(m, layers, g->n, 0.5 / layers);
        Average a = average(g->depths + k, g->draws, DEPTHS);
        char what[64];
        snprintf(what, sizeof what, "GPT-2's init, L = %d: E|x_L|^2 / d", layers);
        claim_near(lab, "3.33", what, m[2 * layers].square, a.mean,
                   5 * a.error + m[2 * layers].square / g->d);
        free(m);
    }
}

static void draw(Lab *lab, const Growth *g, const Moments *pre, const Moments *scaled) {
    Plot *p = plot_new(lab, "forward_growth",
                       "layer pre pre_error mean_field lower upper post post_error "
                       "three_halves gpt2 gpt2_error "
                       "gpt2_mean_field");
    for (int l = 0; l <= g->layers; l++) {
        Average a = at(g, PRE, l), post = at(g, POST, l), small = at(g, GPT2, l);
        plot_row(p, l, a.mean, a.error, pre[2 * l].square, 1 + l / 2.0, 1 + 1.5 * l,
                 l ? post.mean : NAN, post.error, 1.5, small.mean, small.error,
                 scaled[2 * l].square);
    }
    plot_axes(p, "layer l", "E|x|^2 / d");
    plot_set(p, "logscale y");
    plot_set(p, "xrange [0:%d]", g->layers),
        plot_set(p, "yrange [0.9:%g]", 2 + 1.6 * g->layers);
    plot_set(p, "ytics (1, 1.5, 2, 5, 10, 20, 50, 100)");
    plot_series(p,
                "using \"layer\":\"lower\":\"upper\" with filledcurves linecolor "
                "\"#dddddd\" title \"Lemma 2\"");
    plot_line(p, "layer", "mean_field", "Pre-LN, mean field"),
        plot_errors(p, "layer", "pre", "pre_error", "Pre-LN");
    plot_line(p, "layer", "three_halves", "3/2"),
        plot_errors(p, "layer", "post", "post_error", "Post-LN, before the norm");
    plot_line(p, "layer", "gpt2_mean_field", "GPT-2's init, mean field");
    plot_errors(p, "layer", "gpt2", "gpt2_error", "GPT-2's init");
    plot_end(p);
}

static void run(Lab *lab) {
    const Args *args = &lab->args;
    Growth g = {(int)option_int(args, "dim", 16, 256),
                (int)option_int(args, "tokens", 2, 256),
                (int)option_int(args, "layers", 1, 64),
                (int)option_int(args, "draws", 8, 1000),
                NULL,
                NULL};
    if (g.n % 2)
        die("--tokens %d: expected an even number, since x and -x come in pairs", g.n);
    g.values =
        allocate((size_t)g.draws * CURVES * ((size_t)g.layers + 1), sizeof *g.values);
    g.depths = allocate((size_t)g.draws * DEPTHS, sizeof *g.depths);
#pragma omp parallel for schedule(dynamic)
    for (int k = 0; k < g.draws; k++) measure(&g, &lab->rng, k);
    size_t sublayers = 2 * (size_t)g.layers;
    Moments *pre = allocate(sublayers + 1, sizeof *pre),
            *scaled = allocate(sublayers + 1, sizeof *scaled);
    pre_ln_moments(pre, g.layers, g.n, 1),
        pre_ln_moments(scaled, g.layers, g.n, 0.5 / g.layers);
    claim_post(lab, &g);
    claim_band(lab, &g);
    claim_mean_field(lab, &g, pre, scaled);
    claim_depths(lab, &g);
    draw(lab, &g, pre, scaled);
    free(g.values), free(g.depths), free(pre), free(scaled);
}

const LabSpec lab_forward_growth = {"forward-growth", "3.5",
                                    "How far the residual stream grows, layer by layer",
                                    run, options};
