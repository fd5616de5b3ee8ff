// Cross-entropy: the loss at the start of training, its gradient, and its edges.
// Lecture, section 3.2.
//
//     logits normal, of sd s, V of them:    E loss = ln V + s^2/2 - v / 2V + (c / 3 - 3 v^2 / 4) / V^2 - ...
//     dl_ik = (p_ik - [k = target_i]) / counted
//
// The first: sum_j e^l_j = V e^(s^2/2) (1 + D), where D has the mean 0, the variance v
// / V with v = e^(s^2) - 1 and the third moment c / V^2 with c = e^(3 s^2) - 3 e^(s^2)
// + 2; then ln(1 + D) = D - D^2/2 + D^3/3 - ... The target's logit has the mean 0.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch02_attention/softmax.h"
#include "ch03_transformer/cross_entropy.h"
#include "ch03_transformer/model.h"
#include "ch03_transformer/published.h"
#include "common/program/plot.h"

static const Option options[] = {
    {"numbers", "500000", "random logits for each size of the vocabulary"}, {0}};

static double v_of(double s) { return expm1(s * s); }
static double first_term(double s, double V) { return -v_of(s) / (2 * V); }
static double next_term(double s, double V) {
    double v = v_of(s), c = expm1(3 * s * s) - 3 * v;
    return (c / 3 - 0.75 * v * v) / (V * V);
}

// The mean of the targets' logits: what luck they had. Its expectation is 0, and its
// variance that of one logit: without it a loss shows what it converges to.
static double luck(Mat logits, const int *targets) {
    double sum = 0;
    for (int i = 0; i < logits.rows; i++) sum += (double)*mat_at(logits, i, targets[i]);
    return sum / logits.rows;
}

// ---- [3.6] the loss at the start

enum { SIZES = 3, STEPS = 12 };
static const int sizes[SIZES] = {16, 64, 1024};
static const double most_sd = 1.5;

// loss - ln V for unit (rows x V, normal) times s; the targets' luck is taken out.
static double start(Mat unit, double s, Rng rng) {
    Mat l = mat_new(unit.rows, unit.cols);
    int *targets = allocate((size_t)unit.rows, sizeof *targets);
    mat_add_scaled(l, (real)s, unit);
    for (int i = 0; i < l.rows; i++) targets[i] = rng_below(&rng, l.cols);
    Tape *t = tape_new(NULL);
    double loss = (double)*cross_entropy(t, constant_node(t, l), targets)->value.at
                  + luck(l, targets);
    tape_free(t), mat_free(l), free(targets);
    return loss - log(unit.cols);
}

// Five standard errors, the first term that is left out, and a few roundings of numbers
// up to 16.
static double start_tolerance(double s, int V, int rows) {
    return 5 * sqrt(v_of(s) / V / rows) + fabs(next_term(s, V)) + 4 * 0x1p-21;
}

static void claim_start(Lab *lab, int numbers) {
    Plot *p = plot_new(lab, "cross_entropy",
                       "sd V16 V64 V1024 derived16 derived64 derived1024 limit");
    double table[STEPS + 1][8], worst = 0;
    for (int k = 0; k < SIZES; k++) {
        int V = sizes[k];
        Mat unit = mat_new(numbers / V, V);
        Rng rng = rng_split(&lab->rng, (uint64_t)k);
        rng_fill_normal(&rng, unit, 1);
        for (int i = 0; i <= STEPS; i++) {
            double s = most_sd * i / STEPS, derived = s * s / 2 + first_term(s, V),
                   loss = start(unit, s, rng);
            bool in_range = fabs(next_term(s, V)) <= 0.5 * fabs(first_term(s, V));
            if (in_range)
                worst = nan_max(
                    worst, fabs(loss - derived) / start_tolerance(s, V, unit.rows));
            table[i][0] = s, table[i][1 + k] = loss,
            table[i][4 + k] = in_range ? derived : NAN, table[i][7] = s * s / 2;
        }
        if (k == 0)  // 0 is three tolerances away
            claim_near(lab, "3.6", "V = 16, sd 3/4: loss - ln V - sd^2/2 = -v/2V",
                       first_term(0.75, V), start(unit, 0.75, rng) - 0.75 * 0.75 / 2,
                       start_tolerance(0.75, V, unit.rows));
        mat_free(unit);
    }
    claim_at_most(lab, "3.6", "ln V + sd^2/2 - v/2V: worst of all, in tolerances", 1,
                  worst);
    for (int i = 0; i <= STEPS; i++) plot_row_values(p, table[i]);
    plot_axes(p, "standard deviation of the logits", "loss - ln V, nats");
    plot_set(p, "key top left inside vertical");
    plot_line(p, "sd", "limit", "sd^2 / 2"),
        plot_line(p, "sd", "derived64", "sd^2 / 2 - v / 2V, V = 64");
    plot_line(p, "sd", "derived16", "V = 16");
    plot_points(p, "sd", "V1024", "V = 1024"), plot_points(p, "sd", "V64", "V = 64"),
        plot_points(p, "sd", "V16", "V = 16");
    plot_end(p);
}

// A model before its first step: the head's columns have the sd 0.02, so a logit has
// the variance 0.02^2 |h|^2.
static void claim_fresh_model(Lab *lab) {
    enum { MODELS = 12, V = 512, T = 64, CHANNELS = 64 };
    double mean = 0, square = 0;
    for (int k = 0; k < MODELS; k++) {
        Config c = config_small_gpt(V, T, CHANNELS, 1, 4);
        c.tied = false;
        Model m;
        Error err;
        Rng rng = rng_split(&lab->rng, 100 + (uint64_t)k);
        if (!model_new(&m, &c, &err)) die("%s", err.text);
        model_allocate(&m, &rng);
        int tokens[T], targets[T];
        for (int i = 0; i < T; i++)
            tokens[i] = rng_below(&rng, V), targets[i] = rng_below(&rng, V);
        Tape *t = tape_new(&m.params);
        Node *h = model_hidden(t, &m,
                               &(Tokens){.batch = 1, .time = T, .tokens = tokens}),
             *l = model_logits(t, &m, h);
        double variance = 0;
        for (int i = 0; i < T * CHANNELS; i++)
            variance += pow(0.02 * h->value.at[i], 2) / T;
        double x = ((double)*cross_entropy(t, l, targets)->value.at
                    + luck(l->value, targets) - log(V))
                   / (variance / 2);
        mean += x / MODELS, square += x * x / MODELS;
        tape_free(t), model_free(&m);
    }
    claim_near(lab, "3.6", "fresh GPT: (loss - ln V) / (0.02^2 |h|^2 / 2)", 1, mean,
               5 * sqrt((square - mean * mean) / (MODELS - 1)));
}

// ---- [3.7] the gradient

static Mat random_logits(Rng *rng, int rows, int V, double sd) {
    Mat l = mat_new(rows, V);
    rng_fill_normal(rng, l, sd);
    return l;
}

// dl and the loss.
static double gradient(Mat dl, Mat logits, const int *targets) {
    Tape *t = tape_new(NULL);
    Node *l = variable_node(t, logits), *loss = cross_entropy(t, l, targets);
    double value = *loss->value.at;
    tape_backward(t, loss);
    mat_copy(dl, l->grad);
    tape_free(t);
    return value;
}

// The same in two steps: p = softmax(l); dp is -1 / p at the target; back through the
// softmax as in chapter 2.
static void two_steps(Mat dl, Mat logits, const int *targets) {
    for (int i = 0; i < logits.rows; i++) {
        Mat p = mat_new(1, logits.cols), row = mat_rows(dl, i, 1);
        mat_copy(p, mat_rows(logits, i, 1));
        softmax(p.at, (size_t)p.cols);
        mat_fill(row, 0);
        *mat_at(row, 0, targets[i]) =
            -1 / *mat_at(p, 0, targets[i]) / (real)logits.rows;
        softmax_backward(row.at, p.at, (size_t)p.cols);
        mat_free(p);
    }
}

static double difference(Mat a, Mat b) {
    double most = 0;
    for (int i = 0; i < a.rows; i++)
        for (int j = 0; j < a.cols; j++)
            most = nan_max(most, fabs((double)*mat_at(a, i, j) - *mat_at(b, i, j)));
    return most;
}

static void claim_gradient(Lab *lab, Rng *rng) {
    enum { ROWS = 64, V = 300 };
    Mat l = random_logits(rng, ROWS, V, 2), fused = mat_new(ROWS, V),
        steps = mat_new(ROWS, V);
    int targets[ROWS];
    double sums = 0;
    for (int i = 0; i < ROWS; i++) targets[i] = rng_below(rng, V);
    gradient(fused, l, targets), two_steps(steps, l, targets);
    for (int i = 0; i < ROWS; i++) {
        double sum = 0;
        for (int j = 0; j < V; j++) sum += (double)*mat_at(fused, i, j);
        sums = nan_max(sums, fabs(sum) * ROWS);
    }
    // p = e^(l - ln sum): both are below 16 in size, so the sum's logarithm and the
    // difference are rounded by 2^-21 at most, e^x by 2^-22; softmax's quotient by
    // less.
    const double rounding = 2 * 0x1p-21 + 2 * 0x1p-22;
    claim_near(lab, "3.7", "p - one-hot: rows add up to 0: worst", 0, sums, rounding);
    claim_near(lab, "3.7", "p - one-hot against -1/p through softmax: worst", 0,
               difference(fused, steps) * ROWS, rounding);
    mat_free(l), mat_free(fused), mat_free(steps);
}

// ---- [3.8] who is counted

// Rows 0 .. A-1 and A .. A+B-1, apart and together, and together among ROWS of which
// the others are ignored.
static void claim_counted(Lab *lab, Rng *rng) {
    enum { A = 5, B = 20, ROWS = 100, V = 40 };
    Mat l = random_logits(rng, ROWS, V, 2), dl = mat_new(ROWS, V),
        some = mat_new(A + B, V), part = mat_new(B, V);
    int targets[ROWS];
    for (int i = 0; i < ROWS; i++) targets[i] = i < A + B ? rng_below(rng, V) : IGNORED;
    double all = gradient(dl, l, targets),
           loss = gradient(some, mat_rows(l, 0, A + B), targets);
    claim_near(lab, "3.8", "75 ignored rows more: change of the loss", 0, all - loss,
               0);
    claim_near(lab, "3.8", "and of the gradient", 0,
               difference(mat_rows(dl, 0, A + B), some), 0);
    double a = gradient(mat_rows(part, 0, A), mat_rows(l, 0, A), targets),
           b = gradient(part, mat_rows(l, A, B), targets + A);
    // Three floats below 8, each rounded by 2^-22.
    claim_near(lab, "3.8", "of 5 rows and of 20: (5 a + 20 b) / 25", loss,
               (A * a + B * b) / (A + B), 3 * 0x1p-22);
    lab_print(lab, "the mean of the two means is %.4f", (a + b) / 2);
    for (int i = 0; i < ROWS; i++) targets[i] = IGNORED;
    double none = fabs(gradient(dl, l, targets));
    mat_fill(l, 0);
    claim_near(lab, "3.8", "every row ignored: |loss| + largest |gradient|", 0,
               none + difference(dl, l), 0);
    mat_free(l), mat_free(dl), mat_free(some), mat_free(part);
}

// ---- [3.9] logits of 10^4: the largest has p = 1, the target, 2 10^4 below it, p = 0

static void claim_extreme(Lab *lab, Rng *rng) {
    enum { V = 40, TARGET = 3, TOP = 7 };
    const real far = 1e4;
    Mat l = random_logits(rng, 1, V, 1), dl = mat_new(1, V), want = mat_new(1, V);
    l.at[TARGET] = -far, l.at[TOP] = far;
    want.at[TARGET] = -1, want.at[TOP] = 1;
    double loss = gradient(dl, l, (int[]){TARGET});
    claim_near(lab, "3.9", "logits of 10^4 and -10^4: loss", 2 * (double)far, loss, 0);
    claim_near(lab, "3.9", "its gradient - (1, -1): worst", 0, difference(dl, want), 0);
    two_steps(dl, l, (int[]){TARGET});
    int nans = 0;
    for (int j = 0; j < V; j++) nans += isnan(dl.at[j]) != 0;
    claim_at_least(lab, "3.9", "in two steps (-1/p with p = 0): NaNs", 1, nans);
    mat_free(l), mat_free(dl), mat_free(want);
}

static void run(Lab *lab) {
    int numbers = (int)option_int(&lab->args, "numbers", 1 << 15, 1 << 24);
    Rng rng = rng_split(&lab->rng, 1000);
    claim_start(lab, numbers);
    claim_fresh_model(lab);
    claim_gradient(lab, &rng);
    claim_counted(lab, &rng);
    claim_extreme(lab, &rng);
}

const LabSpec lab_cross_entropy = {
    "cross-entropy", "3.2",
    "Cross-entropy: the loss at the start, its gradient, its edges", run, options};
