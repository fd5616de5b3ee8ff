// Weights before a norm have a direction that matters and a length that does not.
// Lecture, section 3.3.
//
//     x -> W -> layer norm -> head -> cross-entropy,    epsilon = 0
//
//     L(c W) = L(W)   =>  <W, g> = 0,   g(c W) = g(W) / c,   g = dL/dW
//     a step of SGD:      |W'|^2 = |W|^2 + lr^2 |g|^2
//                                                                          the figure: growth against the sum
//     lr and W            act as c^2 lr and c W: the learning rate of the direction is lr / |W|^2
//     with weight decay:
//                       |W'|^2 = (1 - lr decay)^2 |W|^2 + lr^2 |g|^2; with g = h / |W| it comes to rest where
//                         |W|^4 = lr |h|^2 / (2 decay - lr decay^2),
//                                                              lr |g| / |W| = sqrt(2 lr decay - lr^2 decay^2)
//
// van Laarhoven (2017), arXiv:1706.05350; Arora, Li, Lyu (2018), arXiv:1812.03981; Wan
// et al. (2020), arXiv:2006.08419.
#include <math.h>
#include <stdio.h>

#include "ch03_transformer/cross_entropy.h"
#include "ch03_transformer/labs/norm_rows.h"
#include "ch03_transformer/linear.h"
#include "ch03_transformer/optimiser.h"
#include "common/program/plot.h"

static const Option options[] = {{"steps", "1024", "steps of SGD without weight decay"},
                                 {"dim", "32", "columns of W: channels of the norm"},
                                 {0}};

enum {
    IN = 16,
    BATCH = 16,
    CLASSES = 8,
    WEIGHT_STREAM = 0,
    TEACHER_STREAM,
    DATA_STREAM
};

// The network, a teacher who says which class an input has, and the nodes of the last
// call of net_grad.
typedef struct {
    Params params;
    int weight, head;
    Rng data;
    Mat teacher, x;  // IN x CLASSES, BATCH x IN
    Tape *tape;
    Node *z, *y;  // z = x W, y = layer norm of z
} Net;

static Mat weight_of(const Net *n) { return params_value(&n->params, n->weight); }
static Mat grad_of(const Net *n) { return params_grad(&n->params, n->weight); }

// W = size times what size 1 draws. The head stays as it is drawn. In place: the tape
// keeps a pointer to n->params.
static void net_init(Net *n, const Rng *rng, int hidden, double size) {
    *n = (Net){.x = mat_new(BATCH, IN),
               .teacher = mat_new(IN, CLASSES),
               .data = rng_split(rng, DATA_STREAM)};
    Rng weights = rng_split(rng, WEIGHT_STREAM),
        teacher = rng_split(rng, TEACHER_STREAM);
    n->weight = params_add(&n->params, IN, hidden, normal(1 / sqrt(IN)), "weight");
    n->head = params_add(&n->params, hidden, CLASSES, normal(1 / sqrt(hidden)), "head");
    params_freeze(&n->params, "head", true);
    params_allocate(&n->params), params_init(&n->params, &weights),
        params_allocate_grads(&n->params);
    for (int i = 0; i < IN * hidden; i++) weight_of(n).at[i] *= (real)size;
    rng_fill_normal(&teacher, n->teacher, 1);
    n->tape = tape_new(&n->params);
}

static void net_free(Net *n) {
    tape_free(n->tape), params_free(&n->params), mat_free(n->x), mat_free(n->teacher);
}

// Loss and gradient on a fresh batch: the data of that step, whatever the network.
static double net_grad(Net *n, int step, double epsilon) {
    Rng own = rng_split(&n->data, (uint64_t)step);
    int targets[BATCH];
    Mat scores = mat_new(BATCH, CLASSES);
    rng_fill_normal(&own, n->x, 1);
    matmul(scores, n->x, n->teacher);
    for (int i = 0; i < BATCH; i++) {
        targets[i] = 0;
        for (int c = 1; c < CLASSES; c++)
            if (*mat_at(scores, i, c) > *mat_at(scores, i, targets[i])) targets[i] = c;
    }
    mat_free(scores);
    tape_reset(n->tape), params_zero_grads(&n->params);
    n->z = matmul_node(n->tape, constant_node(n->tape, n->x), param(n->tape, n->weight),
                       NULL);
    n->y = layer_norm(n->tape, n->z, NULL, NULL, epsilon);
    n->z->keeps_grad = n->y->keeps_grad = true;
    Node *loss = cross_entropy(
        n->tape, matmul_node(n->tape, n->y, param(n->tape, n->head), NULL), targets);
    tape_backward(n->tape, loss);
    return *loss->value.at;
}

static double square(Mat a) { return mat_inner(a, a); }

// <W, g> = sum of z dz over tokens and channels = sum over tokens of (y . dy) epsilon /
// s^2: for epsilon = 0 nothing is left but rounding, at most *error. There: the sums
// over IN and BATCH that make z and g, with |z| <= |x| |column of W|, and dx's.
static double radial(const Net *n, double epsilon, double *error) {
    Mat z = n->z->value, dz = n->z->grad, dy = n->y->grad;
    double sum = 0;
    *error = 0;
    for (int j = 0; j < z.cols; j++) {
        double column = sqrt(square(mat_cols(weight_of(n), j, 1)));
        for (int i = 0; i < z.rows; i++)
            *error += (IN + BATCH) * 0x1p-24 * sqrt(square(mat_rows(n->x, i, 1)))
                      * column * fabs((double)*mat_at(dz, i, j));
    }
    for (int i = 0; i < z.rows; i++) {
        RowNorm r =
            row_norm(NORM_LAYER, mat_at(z, i, 0), mat_at(dy, i, 0), z.cols, epsilon);
        sum += r.y_g * epsilon / (r.s * r.s);
        for (int j = 0; j < z.cols; j++)
            *error += fabs(row_y(&r, *mat_at(z, i, j))) * r.s
                      * row_dx_error(&r, *mat_at(z, i, j), *mat_at(dy, i, j));
    }
    return sum;
}

// ---- one gradient

static void claim_powers_of_two(Lab *lab, const Rng *rng, int hidden, double loss,
                                Mat g) {
    int losses = 0, numbers = 0;
    for (int k = -4; k <= 4; k++) {  // c = 2^k: every rounding is the same
        Net n;
        net_init(&n, rng, hidden, ldexp(1, k));
        losses += net_grad(&n, 1, 0) != loss;
        for (int i = 0; i < IN * hidden; i++)
            numbers += ldexpf((float)grad_of(&n).at[i], k) != g.at[i];
        net_free(&n);
    }
    claim_equal(lab, "3.15", "c = 1/16 ... 16: losses L(cW) that are not L(W)", 0,
                losses);
    claim_equal(lab, "3.15", "c = 1/16 ... 16: numbers of c g(cW) not g(W)'s", 0,
                numbers);
}

static void claim_gradient(Lab *lab, const Rng *rng, int hidden) {
    Net n;
    double error;
    net_init(&n, rng, hidden, 1);
    double loss = net_grad(&n, 1, 0), predicted = radial(&n, 0, &error);
    claim_near(lab, "3.15", "epsilon = 0: <W, g>", predicted,
               mat_inner(weight_of(&n), grad_of(&n)), error);
    claim_powers_of_two(lab, rng, hidden, loss, grad_of(&n));
    net_grad(&n, 1, 0.1), predicted = radial(&n, 0.1, &error);
    claim_near(lab, "3.15", "epsilon = 0.1: <W, g> = sum (y.dy) epsilon / s^2",
               predicted, mat_inner(weight_of(&n), grad_of(&n)), error);
    net_free(&n);
}

// ---- SGD without decay: the norm grows

enum { RATES = 3, POINTS = 14 };
static const double rates[RATES] = {0.1, 1, 10};

typedef struct {
    // lr^2 |g|^2 so far, |W|^2 - |W_0|^2; after 1, 2, 4, ... steps
    double sum[POINTS], growth[POINTS];
    // how far rounding may take them apart, after all steps
    double error;
    // how far they are, in what rounding may do so far: the worst step
    double worst;
    int points;
} Growth;

// A step rounds each w' twice at most: 2^-24 (|w'| + lr |g|) each, so |W'|^2 by 2^-23
// (|W'|^2 + lr |W'| |g|).
static Growth grow(const Rng *rng, int hidden, double rate, int steps) {
    Net n;
    net_init(&n, rng, hidden, 1);
    Optimiser o = optimiser_new(&n.params, (OptimiserSettings){.kind = OPTIMISER_SGD});
    Growth out = {0};
    double first = square(weight_of(&n)), sum = 0;
    for (int t = 1; t <= steps; t++) {
        double radial_error;
        net_grad(&n, t, 0), radial(&n, 0, &radial_error);
        double gradient = square(grad_of(&n));
        optimiser_step(&o, &n.params, rate);
        double now = square(weight_of(&n));
        sum += rate * rate * gradient;
        out.error +=
            2 * rate * radial_error + 0x1p-23 * (now + rate * sqrt(now * gradient));
        out.worst = nan_max(out.worst, fabs(now - first - sum) / out.error);
        if ((t & (t - 1)) == 0 || t == steps)
            out.sum[out.points] = sum, out.growth[out.points++] = now - first;
    }
    optimiser_free(&o), net_free(&n);
    return out;
}

static void claim_growth(Lab *lab, const Growth *g) {
    double worst = 0;
    for (int k = 0; k < RATES; k++) {
        char what[64];
        snprintf(what, sizeof what, "lr = %g: (|W|^2 - |W_0|^2) / sum lr^2 |g|^2",
                 rates[k]);
        int last = g[k].points - 1;
        claim_near(lab, "3.16", what, 1, g[k].growth[last] / g[k].sum[last],
                   g[k].error / g[k].sum[last]);
        worst = nan_max(worst, g[k].worst);
    }
    claim_at_most(lab, "3.16", "their difference in its rounding bounds, worst step", 1,
                  worst);
}

// ---- the learning rate of the direction

enum { TWIN_STEPS = 256, LATE = 64 };

typedef struct {
    // lr |g| / |W| at the first step; mean loss of the last LATE steps
    double losses[TWIN_STEPS], first_angle, late;
} Training;

static Training train(const Rng *rng, int hidden, double size, double rate,
                      double decay) {
    Net n;
    net_init(&n, rng, hidden, size);
    Optimiser o = optimiser_new(
        &n.params, (OptimiserSettings){.kind = OPTIMISER_SGD, .decay = decay});
    Training out = {.late = 0};
    for (int t = 0; t < TWIN_STEPS; t++) {
        out.losses[t] = net_grad(&n, t, 0);
        if (t == 0)
            out.first_angle = rate * sqrt(square(grad_of(&n)) / square(weight_of(&n)));
        if (t >= TWIN_STEPS - LATE) out.late += out.losses[t] / LATE;
        optimiser_step(&o, &n.params, rate);
    }
    optimiser_free(&o), net_free(&n);
    return out;
}

static void claim_twins(Lab *lab, const Rng *rng, int hidden) {
    const double decay = 0.01;
    Training one = train(rng, hidden, 1, 1, decay),
             twin = train(rng, hidden, 4, 16, decay / 16),
             slow = train(rng, hidden, 4, 1, 0);
    int differ = 0;
    for (int t = 0; t < TWIN_STEPS; t++) differ += !(one.losses[t] == twin.losses[t]);
    claim_equal(lab, "3.17", "4 W, 16 lr, decay / 16: losses of 256 that differ", 0,
                differ);
    claim_near(lab, "3.17", "4 W, the same lr: first angle, relative", 1.0 / 16,
               slow.first_angle / one.first_angle, 0);
    lab_print(lab, "  loss after %d steps at lr 1: %.3f from W, %.3f from 4 W",
              TWIN_STEPS, train(rng, hidden, 1, 1, 0).late, slow.late);
}

// ---- weight decay: the norm comes to rest

enum { BURN_IN = 512, WINDOW = 1536 };
// lr decay. What is left of a start after BURN_IN steps: e^(-4 PRODUCT BURN_IN) = 10^-9
static const double PRODUCT = 0.01;

typedef struct {
    double mean, predicted, error;  // |W|^2, sqrt(lr^2 G^2 / a)
    // root mean square of lr |g| / |W|
    double angle, angle_predicted, angle_error;
    double sum[POINTS], growth[POINTS], last;  // as in Growth
    int points;
} Rest;

// Sums over the window, with n = |W|^2, H = |h|^2 = n |g|^2, angle^2 = lr^2 |g|^2 / n:
// of n, n^2, H, H^2, angle^2 and (angle^2 - a)^2. And the first and the last n.
typedef struct {
    double n, nn, H, HH, angle, spread, first, last;
} Window;

// Let a = 1 - (1 - lr decay)^2, so that n' - n = -a n + lr^2 H / n; the left side's
// mean over T steps is (last - first) / T.
//
// n = m (1 + e), e of mean 0: 1 / (1 + e) = 1 - e + ..., so a m^2 = lr^2 (mean H -
// mean(H e) + ...) - m (last - first) / T. |mean(H e)| <= sd(H) sd(e) by Cauchy and
// Schwarz; the dots are mean(H) var(e), doubled for what comes after.
//
// ln n' - ln n = ln(1 + x) with x = angle^2 - a >= -a, and x - x^2 / 2(1-a)^2 <= ln(1 +
// x) <= x: so the mean of angle^2 is a, but for (ln last - ln first) / T and mean x^2 /
// 2(1-a)^2. ROUNDING is what 3.16 allows steps that round.
static void conclude(Rest *r, const Window *w, double rate, double a) {
    const double ROUNDING = 2e-3;
    double mean_H = w->H / WINDOW,
           sd_H = sqrt(fmax(0, w->HH / WINDOW - mean_H * mean_H)) / mean_H;
    r->mean = w->n / WINDOW;
    double sd_n = sqrt(fmax(0, w->nn / WINDOW - r->mean * r->mean)) / r->mean;
    r->predicted = rate * sqrt(mean_H / a);
    r->error = r->predicted / 2
               * (sd_H * sd_n + 2 * sd_n * sd_n
                  + fabs(w->last - w->first) / (WINDOW * a * r->mean) + ROUNDING);
    r->angle = sqrt(w->angle / WINDOW), r->angle_predicted = sqrt(a);
    r->angle_error = (w->spread / WINDOW / (2 * (1 - a) * (1 - a))
                      + fabs(log(w->last / w->first)) / WINDOW + ROUNDING * a)
                     / (2 * r->angle_predicted);
}

static Rest come_to_rest(const Rng *rng, int hidden, double rate) {
    Net n;
    net_init(&n, rng, hidden, 1);
    const double a = 1 - (1 - PRODUCT) * (1 - PRODUCT);
    Optimiser o = optimiser_new(
        &n.params, (OptimiserSettings){.kind = OPTIMISER_SGD, .decay = PRODUCT / rate});
    Rest out = {0};
    Window w = {0};
    double first = square(weight_of(&n)), now = first, sum = 0;
    for (int t = 1; t <= BURN_IN + WINDOW; t++) {
        net_grad(&n, t, 0);
        double gradient = square(grad_of(&n)), H = gradient * now,
               angle = rate * rate * gradient / now;
        if (t == BURN_IN + 1) w.first = now;
        if (t > BURN_IN) {
            w.n += now, w.nn += now * now, w.H += H, w.HH += H * H;
            w.angle += angle, w.spread += (angle - a) * (angle - a);
        }
        optimiser_step(&o, &n.params, rate);
        now = square(weight_of(&n)), sum += rate * rate * gradient;
        if ((t & (t - 1)) == 0)
            out.sum[out.points] = sum, out.growth[out.points++] = now - first;
    }
    w.last = now, conclude(&out, &w, rate, a);
    out.last = out.predicted - first;
    optimiser_free(&o), net_free(&n);
    return out;
}

static Rest claim_rest(Lab *lab, const Rng *rng, int hidden) {
    const double rest_rates[] = {0.1, 10};  // one comes from above, one from below
    Rest r = {0};
    for (int k = 0; k < 2; k++) {
        char what[80];
        r = come_to_rest(rng, hidden, rest_rates[k]);
        snprintf(what, sizeof what, "lr = %g, decay = %g: |W|^2, mean", rest_rates[k],
                 PRODUCT / rest_rates[k]);
        claim_near(lab, "3.17", what, r.predicted, r.mean, r.error);
        snprintf(what, sizeof what, "lr = %g: lr |g| / |W|, root mean square",
                 rest_rates[k]);
        claim_near(lab, "3.17", what, r.angle_predicted, r.angle, r.angle_error);
    }
    return r;
}

// ---- figure

static void draw(Lab *lab, const Growth *g, const Rest *rest) {
    Plot *p = plot_new(lab, "scale_invariance",
                       "sum_0.1 growth_0.1 sum_1 growth_1 sum_10 growth_10 sum_decay "
                       "growth_decay line rest");
    double low = g[0].sum[0],
           high = fmax(g[RATES - 1].sum[g[0].points - 1], rest->sum[rest->points - 1]);
    int rows = g[0].points > rest->points ? g[0].points : rest->points;
    for (int i = 0; i < rows; i++) {
        double row[10], line = low / 2 * pow(4 * high / low, (double)i / (rows - 1));
        for (int k = 0; k < RATES; k++) {
            row[2 * k] = i < g[k].points ? g[k].sum[i] : NAN;
            row[2 * k + 1] = i < g[k].points ? g[k].growth[i] : NAN;
        }
        row[6] = i < rest->points ? rest->sum[i] : NAN,
        row[7] = i < rest->points ? rest->growth[i] : NAN;
        row[8] = line, row[9] = rest->last;
        plot_row_values(p, row);
    }
    plot_axes(p, "sum of lr^2 |g|^2 over the steps", "|W|^2 - |W_0|^2");
    plot_set(p, "logscale xy"), plot_set(p, "format xy \"10^{%%T}\"");
    plot_line(p, "line", "line", "slope 1"),
        plot_dashes(p, "line", "rest", "rest, with decay");
    for (int k = 0; k < RATES; k++) {
        char x[32], y[32], title[32];
        snprintf(x, sizeof x, "sum_%g", rates[k]),
            snprintf(y, sizeof y, "growth_%g", rates[k]);
        snprintf(title, sizeof title, "lr = %g", rates[k]);
        plot_points(p, x, y, title);
    }
    plot_points(p, "sum_decay", "growth_decay", "lr = 10, decay = 0.001");
    plot_end(p);
}

static void run(Lab *lab) {
    int hidden = (int)option_int(&lab->args, "dim", 4, 256),
        steps = (int)option_int(&lab->args, "steps", 16, 4096);
    Growth g[RATES];
    claim_gradient(lab, &lab->rng, hidden);
    for (int k = 0; k < RATES; k++) g[k] = grow(&lab->rng, hidden, rates[k], steps);
    claim_growth(lab, g);
    claim_twins(lab, &lab->rng, hidden);
    Rest rest = claim_rest(lab, &lab->rng, hidden);
    draw(lab, g, &rest);
}

const LabSpec lab_scale_invariance = {
    "scale-invariance", "3.3", "Before a norm, the length of W is a learning rate", run,
    options};
