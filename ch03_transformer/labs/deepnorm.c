// How far one step of training moves the output of a deep stack. Lecture, section
// 3.7.
//
//     DeepNorm  x' = norm(alpha x + F(x)), gain beta at initialisation:
//                                                                  |Delta z| = eta d/4 (1 + 2/n), for every L
//     bound     |Delta z| <= sum over 2L sublayers of sqrt(v^2 + w^2) / alpha |Delta theta_i|,  v = w = beta
//     SGD       |Delta theta_i| ~ eta beta / alpha:   2L 2 beta^2 / alpha^2 = 1
//     sign      |Delta theta_i| ~ eta:                2L sqrt(2) beta / alpha = sqrt(2L)
//                                                                                         (Adam's first step)
//
// Wang et al., "DeepNet" (2022), arXiv:2203.00555, theorem 4.2 and figure 2. The step
// is the optimiser's own, at a rate that moves the output by 0.2 %: far above float's
// rounding, and small enough for |Delta z| / eta to be the derivative, which half the
// rate shows.
//
// Mean field: one SGD step on a loss at one token moves that token's output by eta K
// |dL/dz|, K = sum over parameters of (dz/dtheta)^2 for one channel of z; K_ij for two
// tokens. With x' = norm(a x + b F(x)), gains g of F's two matrices, and sigma^2 = a^2
// + b^2 g^4 (what theory_stack.h adds), each sublayer maps
//
//     attention     K_ij <- ((a^2 K_ij + b^2 g^4 mean K) + 2 b^2 g^2 d a(r)) / sigma^2
//     feed-forward  K_ij <- ((a^2 + b^2 g^4 k'(r)) K_ij + b^2 g^2 d (k(r) + r k'(r))) / sigma^2
//                                                                                             r = 1 for i = j
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/arithmetic.h"
#include "ch03_transformer/deepnorm.h"
#include "ch03_transformer/labs/theory_stack.h"
#include "ch03_transformer/optimiser.h"
#include "common/error.h"
#include "common/numeric/fit.h"
#include "common/program/plot.h"

static const Option options[] = {
    {"dim", "64", "channels d"},
    {"tokens", "32", "tokens n"},
    {"depth-most", "64", "largest number of layers L"},
    {"draws", "12", "draws of weights, tokens and classes"},
    {0}};

enum { CLASSES = 64, DEPTHS = 6 };
typedef enum { DEEPNORM, POST, WRONG, KINDS } Kind;  // WRONG: norm(x + alpha F(x))
typedef enum { SGD, SIGN, STEPS } Step;

typedef struct {
    int d, n, draws, depths;
    double L[DEPTHS];  // 2, 4, 8, ...
    // |Delta z| / eta: geometric mean; s.e. of its ln
    double size[KINDS][STEPS][DEPTHS], error[KINDS][STEPS][DEPTHS];
    // SGD's, by mean field
    double predicted[KINDS][DEPTHS];
    // largest change of the mean of ln(|Delta z| / eta) when eta is halved
    double bent[KINDS];
} Updates;

// ---- the table, by hand

// Sublayers times 2 beta^2 / alpha^2.
static double bound(DeepNorm dn, int sublayers) {
    return sublayers * 2 * pow(dn.beta / dn.alpha, 2);
}

static void claim_table(Lab *lab) {
    double sum = 0, product = 0, cross = 0;
    for (int L = 1; L <= 1000; L++) {
        DeepNorm all[] = {deepnorm(L, 0, false), deepnorm(0, L, true),
                          deepnorm(7, L, true)};
        for (int i = 0; i < 3; i++) {
            sum = nan_max(sum, fabs(bound(all[i], (i < 2 ? 2 : 3) * L) - 1));
            product = nan_max(product, fabs(all[i].alpha * all[i].beta - M_SQRT1_2));
        }
        // An encoder is seen through M cross-attentions of a decoder: M beta_d^2 /
        // alpha_d.
        for (int M = 1; M <= 1000; M *= 10) {
            DeepNorm e = deepnorm(L, M, false), d = deepnorm(L, M, true);
            cross = nan_max(cross,
                            fabs(bound(e, 2 * L) * M * d.beta * d.beta / d.alpha - 1));
        }
    }
    const double rounding = 1e-12;  // pow's, a few ulps
    claim_near(lab, "3.38", "18-layer encoder: alpha = 36^(1/4) = sqrt 6", sqrt(6),
               deepnorm(18, 0, false).alpha, rounding);
    claim_near(lab, "3.38", "18-layer encoder: beta = 144^(-1/4) = 1 / sqrt 12",
               1 / sqrt(12), deepnorm(18, 0, false).beta, rounding);
    claim_near(lab, "3.38", "one stack, decoder with cross: bound's sum - 1", 0, sum,
               rounding);
    claim_near(lab, "3.38", "alpha beta = 1 / sqrt 2: largest difference", 0, product,
               rounding);
    // beta^2 / alpha^2 = 12^(1/2) 3^(1/4) / (4 L M^(1/4)) and alpha beta = 1 / sqrt 2:
    // the constants, then two decimals.
    double quotient = sqrt(sqrt(12) * pow(3, 0.25) / 4), half = 0.005 * (1 + rounding);
    DeepNorm constants = deepnorm(1, 1, false);
    claim_near(lab, "3.39", "encoder below a decoder: alpha's constant",
               sqrt(M_SQRT1_2 / quotient), constants.alpha, half);
    claim_near(lab, "3.39", "encoder below a decoder: beta's constant",
               sqrt(M_SQRT1_2 * quotient), constants.beta, half);
    claim_near(lab, "3.39", "the same, all L and M: bound's sum - 1", 0, cross,
               2 * half * (1 / 0.81 + 1 / 0.87));
}

// ---- mean field

typedef struct {
    double r, own, cross;  // cosine of two tokens, K_ii, K_ij
} Kernel;

static Kernel kernel_attention(Kernel k, const Updates *u, double a2, double b2,
                               double g2) {
    double mean = k.own / u->n + (1 - 1.0 / u->n) * k.cross, a = mean_square(k.r, u->n);
    double sigma2 = a2 + b2 * g2 * g2 * a, both = b2 * g2 * (g2 * mean + 2 * u->d * a);
    return (Kernel){(a2 * k.r + b2 * g2 * g2 * a) / sigma2,
                    (a2 * k.own + both) / sigma2, (a2 * k.cross + both) / sigma2};
}

static Kernel kernel_ffn(Kernel k, const Updates *u, double a2, double b2, double g2) {
    double product = relu_product(k.r), both = both_positive(k.r), b2g4 = b2 * g2 * g2,
           sigma2 = a2 + b2g4 / 2;
    return (Kernel){
        (a2 * k.r + b2g4 * product) / sigma2,
        ((a2 + b2g4 / 2) * k.own + b2 * g2 * u->d) / sigma2,
        ((a2 + b2g4 * both) * k.cross + b2 * g2 * u->d * (product + k.r * both))
            / sigma2};
}

static double predict(const Updates *u, Kind kind, int L) {
    DeepNorm dn = kind == POST ? (DeepNorm){1, 1} : deepnorm(L, 0, false);
    double square = dn.alpha * dn.alpha, g2 = dn.beta * dn.beta;
    double a2 = kind == WRONG ? 1 : square, b2 = kind == WRONG ? square : 1;
    Kernel k = {0};
    for (int l = 0; l < L; l++)
        k = kernel_ffn(kernel_attention(k, u, a2, b2, g2), u, a2, b2, g2);
    return k.own;
}

// ---- one step

typedef struct {
    TheoryStack stack;
    Mat x, before;  // tokens; token 0's output before the step
    real *values;   // the parameters before it
    double alpha;
} Run;

static Node *times_alpha(Tape *t, const Linear *l, Node *x, Node *y) {
    (void)x;
    return scale(t, y, *(const double *)l->adapter);
}

static void begin(Run *r, const Updates *u, Kind kind, int L, Rng *rng) {
    DeepNorm dn = kind == POST ? (DeepNorm){1, 1} : deepnorm(L, 0, false);
    StackShape shape = {.tokens = u->n,
                        .channels = u->d,
                        .layers = L,
                        .classes = CLASSES,
                        .alpha = dn.alpha,
                        .place = kind == DEEPNORM ? PLACE_DEEPNORM : PLACE_POST,
                        .value_gain = dn.beta,
                        .out_gain = dn.beta};
    *r = (Run){theory_stack_new(&shape, rng), mat_new(u->n, u->d), mat_new(1, u->d),
               NULL, dn.alpha};
    rng_fill_normal(rng, r->x, 1);
    for (int l = 0; l < L && kind == WRONG; l++) {
        Linear *ends[] = {&r->stack.blocks[l].attention.out,
                          &r->stack.blocks[l].ffn.down};
        for (int i = 0; i < 2; i++)
            ends[i]->adapt = times_alpha, ends[i]->adapter = &r->alpha;
    }
    Params *p = &r->stack.params;
    params_freeze(p, "gain", true), params_freeze(p, "readout", true);
    params_allocate_grads(p);
    Tape *t = tape_new(p);
    Node *y = theory_forward(t, &r->stack, constant_node(t, r->x), NULL);
    mat_copy(r->before, mat_rows(y->value, 0, 1));
    tape_backward(t, theory_loss(t, &r->stack, y, rng));
    tape_free(t);
    r->values = allocate(p->size, sizeof *r->values);
    memcpy(r->values, p->values, p->size * sizeof *r->values);
}

static void end(Run *r) {
    theory_stack_free(&r->stack);
    mat_free(r->x), mat_free(r->before), free(r->values);
}

// |Delta z| of token 0 after one step; the parameters are as they were. Adam's first
// step is rate x sign(gradient).
static double moved(Run *r, Step step, double rate) {
    Params *p = &r->stack.params;
    OptimiserSettings settings = {.kind = step == SGD ? OPTIMISER_SGD : OPTIMISER_ADAM,
                                  .epsilon = 1e-30};
    Optimiser o = optimiser_new(p, settings);
    optimiser_step(&o, p, rate);
    optimiser_free(&o);
    Tape *t = tape_new(p);
    Mat after = mat_rows(
        theory_forward(t, &r->stack, constant_node(t, r->x), NULL)->value, 0, 1);
    mat_add_scaled(after, -1, r->before);
    double size = sqrt(sum_of_squares(after));
    tape_free(t);
    memcpy(p->values, r->values, p->size * sizeof *r->values);
    return size;
}

// ln(|Delta z| / eta), and its change at eta / 2. The rate is found in a few rounds:
// |z| = sqrt(d).
static double update_size(Run *r, Step step, double *change) {
    const double wanted = 2e-3 * sqrt(r->x.cols);
    double rate = 1e-5;
    for (int round = 0; round < 4; round++) {
        double size = moved(r, step, rate);
        rate *= size * 100 > wanted ? wanted / size : 100;
    }
    double whole = log(moved(r, step, rate) / rate),
           half = log(moved(r, step, rate / 2) / (rate / 2));
    *change = half - whole;
    return whole;
}

static void measure(Updates *u, const Rng *parent, Kind kind, int depth) {
    size_t count = (size_t)u->draws * STEPS;
    double *sizes = allocate(count, sizeof *sizes),
           *changes = allocate(count, sizeof *changes);
    Rng rng = rng_split(parent, (uint64_t)(kind * DEPTHS + depth));
#pragma omp parallel for schedule(dynamic)
    for (int draw = 0; draw < u->draws; draw++) {
        Rng own = rng_split(&rng, (uint64_t)draw);
        Run r;
        begin(&r, u, kind, (int)u->L[depth], &own);
        for (int step = 0; step < STEPS; step++)
            sizes[draw * STEPS + step] =
                update_size(&r, (Step)step, &changes[draw * STEPS + step]);
        end(&r);
    }
    for (int step = 0; step < STEPS; step++) {
        Average a = average(sizes + step, u->draws, STEPS);
        u->size[kind][step][depth] = exp(a.mean), u->error[kind][step][depth] = a.error;
        u->bent[kind] =
            nan_max(u->bent[kind], fabs(average(changes + step, u->draws, STEPS).mean));
    }
    free(sizes), free(changes);
}

// ---- claims

// 10 % at one end of four octaves move a slope by 0.1 / (5 ln 2) = 0.03, as much as is
// allowed for below.
static void claim_linear(Lab *lab, const Updates *u) {
    claim_at_most(lab, "3.40", "DeepNorm: change of |Delta z| / eta at eta / 2", 0.02,
                  u->bent[DEEPNORM]);
    claim_at_most(lab, "3.40", "Post-LN, alpha misplaced: the same", 0.1,
                  nan_max(u->bent[POST], u->bent[WRONG]));
}

// Left out: 1/d as in the other labs, twice for backward and forward; and the scatter
// of K's eigenvalues, which L blocks average: their relative variance is at most 1 /
// (2L), of which a norm feels half.
static void claim_value(Lab *lab, const Updates *u) {
    double worst = 0;
    for (int i = 0; i < u->depths; i++)
        worst = nan_max(
            worst,
            fabs(u->size[DEEPNORM][SGD][i] / u->predicted[DEEPNORM][i] - 1)
                / (5 * u->error[DEEPNORM][SGD][i] + 2.0 / u->d + 1 / (4 * u->L[i])));
    claim_at_most(lab, "3.41", "DeepNorm, SGD: |Delta z| / eta - mean field, worst", 1,
                  worst);
    // Each of 2L sublayers mixes tokens by beta^4 / alpha^2 of what there is. So r <=
    // 2L beta^4 / alpha^2 = 1 / (4 sqrt(2L)); r enters K twice, and K itself is mixed
    // once.
    int last = u->depths - 1;
    double limit = u->d / 4.0 * (1 + 2.0 / u->n);
    claim_near(lab, "3.41", "mean field at the largest L: d/4 (1 + 2/n)", limit,
               u->predicted[DEEPNORM][last], limit * 3 / (4 * sqrt(2 * u->L[last])));
}

// Against L, from L = 4 on.
static double slope_of(const Updates *u, Kind kind, Step step, double *error) {
    return log_slope(u->L + 1, u->size[kind][step] + 1, u->error[kind][step] + 1,
                     u->depths - 1, error);
}

static void claim_slopes(Lab *lab, const Updates *u) {
    if (u->depths < 5) return;
    double sgd_error, sign_error, unused;
    double sgd = slope_of(u, DEEPNORM, SGD, &sgd_error),
           sign = slope_of(u, DEEPNORM, SIGN, &sign_error);
    // Beside 5 standard errors: the scatter of eigenvalues falls from 1 / (4L) at L = 4
    // to nothing.
    const double scatter = 0.03;
    claim_near(lab, "3.41", "DeepNorm, SGD: slope against L", 0, sgd,
               5 * sgd_error + scatter);
    claim_at_least(lab, "3.41", "DeepNorm, SGD: standard errors below 1/2", 5,
                   (0.5 - sgd) / sgd_error);
    claim_at_least(lab, "3.42", "Post-LN, SGD: slope against L", 0.8,
                   slope_of(u, POST, SGD, &unused));
    claim_near(lab, "3.43", "DeepNorm, sign steps: slope against L", 0.5, sign,
               5 * sign_error + scatter);
    claim_at_least(lab, "3.43", "DeepNorm, sign steps: standard errors above 0", 5,
                   sign / sign_error);
    claim_at_least(lab, "3.43", "Post-LN, sign steps: slope against L", 0.8,
                   slope_of(u, POST, SIGN, &unused));
    claim_at_least(lab, "3.44", "alpha on the wrong branch, SGD: slope against L", 0.8,
                   slope_of(u, WRONG, SGD, &unused));
}

static void draw(Lab *lab, const Updates *u) {
    Plot *p = plot_new(lab, "deepnorm",
                       "layers deepnorm deepnorm_predicted deepnorm_sign root wrong "
                       "wrong_predicted post "
                       "post_predicted post_sign");
    double root = u->size[DEEPNORM][SIGN][u->depths / 2] / sqrt(u->L[u->depths / 2]);
    for (int i = 0; i < u->depths; i++)
        plot_row(p, u->L[i], u->size[DEEPNORM][SGD][i], u->predicted[DEEPNORM][i],
                 u->size[DEEPNORM][SIGN][i], root * sqrt(u->L[i]),
                 u->size[WRONG][SGD][i], u->predicted[WRONG][i], u->size[POST][SGD][i],
                 u->predicted[POST][i], u->size[POST][SIGN][i]);
    plot_title(p, "How far one step moves the output");
    plot_axes(p, "L: layers", "|change of the output| / rate");
    plot_set(p, "logscale x 2"), plot_set(p, "logscale y"),
        plot_set(p, "format y \"10^{%%T}\"");
    plot_set(p, "xrange [%g:%g]", u->L[0] / 1.2, u->L[u->depths - 1] * 1.2);
    plot_line(p, "layers", "deepnorm_predicted", "DeepNorm, mean field");
    plot_line(p, "layers", "wrong_predicted", "alpha misplaced, mean field");
    plot_dashes(p, "layers", "root", "L^{1/2}");
    plot_points(p, "layers", "deepnorm", "DeepNorm, SGD");
    plot_points(p, "layers", "wrong", "alpha misplaced, SGD");
    plot_points(p, "layers", "post", "Post-LN, SGD");
    plot_series(p,
                "using \"layers\":\"deepnorm_sign\" with points pointtype 6 linecolor "
                "\"#000000\" title \"DeepNorm, sign steps\"");
    plot_end(p);
}

static void run(Lab *lab) {
    const Args *args = &lab->args;
    Updates u = {.d = (int)option_int(args, "dim", 16, 128),
                 .n = (int)option_int(args, "tokens", 1, 256),
                 .draws = (int)option_int(args, "draws", 8, 1000)};
    int most = (int)option_int(args, "depth-most", 2, 64);
    for (int L = 2; L <= most; L *= 2) u.L[u.depths++] = L;
    for (int kind = 0; kind < KINDS; kind++)
        for (int i = 0; i < u.depths; i++) {
            u.predicted[kind][i] = predict(&u, (Kind)kind, (int)u.L[i]);
            measure(&u, &lab->rng, (Kind)kind, i);
            lab_progress(lab, kind * most + u.L[i], KINDS * most);
        }
    lab_progress(lab, 1, 1);
    claim_table(lab);
    claim_linear(lab, &u);
    claim_value(lab, &u);
    claim_slopes(lab, &u);
    draw(lab, &u);
}

const LabSpec lab_deepnorm = {"deepnorm", "3.7",
                              "How far one step moves the output, against depth", run,
                              options};
