// Dropout: its mean, its variance, its mask. Lecture, section 3.4.
//
//     y = keep x / (1 - p),  P(keep) = 1 - p        E y = x        Var y = x^2 p / (1 - p)
//
// Without the division the mean is (1 - p) x and the variance x^2 p (1 - p): then
// evaluation must shrink the weights, as in Srivastava et al., JMLR 15 (2014). The mask
// is a hash, made again backward: dy/dx is keep / (1 - p) of the same keep.
#include "ch03_transformer/dropout.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/numeric/threads.h"
#include "common/program/plot.h"

static const Option options[] = {{"numbers", "262144", "numbers for each rate"},
                                 {"value", "1.5", "what each of them is"},
                                 {0}};

enum { COLS = 64 };

// ---- mean and variance over rates

typedef struct {
    double mean, square;              // of y; of (y - x)^2
    double mean_error, square_error;  // standard errors, and float's rounding
} Moments;

static Moments measure(Tape *t, Mat x, double value, double rate) {
    Mat y = dropout(t, constant_node(t, x), rate)->value;
    double n = (double)x.rows * x.cols, p = rate, v = p / (1 - p) * value * value;
    Moments m = {0};
    for (int i = 0; i < y.rows; i++)
        for (int j = 0; j < y.cols; j++) {
            double z = (double)*mat_at(y, i, j);
            m.mean += z / n, m.square += pow(z - value, 2) / n;
        }
    // y is 0 or x / (1 - p); (y - x)^2 is x^2 or (x p / (1 - p))^2: both variances are
    // p (1 - p) (difference)^2.
    m.mean_error = sqrt(v / n);
    m.square_error =
        sqrt(p * (1 - p) / n) * value * value * fabs(1 - 2 * p) / pow(1 - p, 2);
    // The factor and the product are rounded: y is off by 2 u y, and (y - x)^2 by 4 u y
    // |y - x|.
    double kept = fabs(value) / (1 - p);
    m.mean_error += 2 * 0x1p-24 * kept, m.square_error += 4 * 0x1p-24 * kept * kept;
    tape_reset(t);
    return m;
}

static void claim_moments(Lab *lab, Tape *t, Mat x, double value) {
    Plot *p = plot_new(lab, "dropout", "rate derived unscaled mean variance one");
    double mean = 0, variance = 0, unscaled = INFINITY;
    for (int i = 1; i < 19; i++) {
        double rate = 0.05 * i, expected = rate / (1 - rate) * value * value;
        Moments m = measure(t, x, value, rate);
        mean = nan_max(mean, fabs(m.mean - value) / m.mean_error);
        variance = nan_max(variance, fabs(m.square - expected) / m.square_error);
        unscaled = nan_min(unscaled, fabs(m.mean - (1 - rate) * value) / m.mean_error);
        plot_row(p, rate, rate / (1 - rate), rate * (1 - rate), m.mean / value,
                 m.square / value / value, 1);
    }
    claim_at_most(lab, "3.26", "E y = x: worst of 18 rates, s.e.", 5, mean);
    claim_at_most(lab, "3.26", "Var y = x^2 p / (1 - p): worst, s.e.", 5, variance);
    claim_at_least(lab, "3.26", "E y = (1 - p) x, the rival: nearest, s.e.", 5,
                   unscaled);
    plot_axes(p, "rate p", "of y / x");
    plot_set(p, "xrange [0:0.95]"), plot_set(p, "yrange [0.03:20]"),
        plot_set(p, "logscale y");
    plot_line(p, "rate", "derived", "p / (1 - p)"), plot_line(p, "rate", "one", "1");
    plot_dashes(p, "rate", "unscaled", "p (1 - p), without the division");
    plot_points(p, "rate", "variance", "variance"),
        plot_points(p, "rate", "mean", "mean");
    plot_end(p);
}

// ---- the mask

// y and the gradient of the sum of y, of random x.
static void both_ways(Tape *t, Mat x, Mat y, Mat grad, uint64_t seed) {
    tape_training(t, true, seed);
    Node *in = variable_node(t, x);
    in->keeps_grad = true;
    Node *out = dropout(t, in, 0.3);
    mat_copy(y, out->value);
    Mat ones = tape_mat(t, x.rows, x.cols);
    mat_fill(ones, 1);
    tape_backward_from(t, out, ones);
    mat_copy(grad, in->grad);
    tape_reset(t);
}

static void claim_mask(Lab *lab, Tape *t, Mat x) {
    Mat y[2], grad[2];
    for (int i = 0; i < 2; i++)
        y[i] = mat_new(x.rows, x.cols), grad[i] = mat_new(x.rows, x.cols);
    size_t size = (size_t)x.rows * (size_t)x.cols, bytes = size * sizeof(real);
    rng_fill_normal(&lab->rng, x, 1);
    uint64_t seed = rng_bits(&lab->rng);
    int before = threads_set(1);
    both_ways(t, x, y[0], grad[0], seed);
    threads_set(3);
    both_ways(t, x, y[1], grad[1], seed);
    threads_set(before);
    long long other_mask = 0;
    for (size_t i = 0; i < size; i++)
        other_mask += y[0].at[i] != x.at[i] * grad[0].at[i];
    // grad is 0 or the factor that x was multiplied by: the same product, the same
    // rounding.
    claim_equal(lab, "3.27", "numbers with y != x dy/dx, bit for bit", 0, other_mask);
    long long moved = (memcmp(y[0].at, y[1].at, bytes) != 0)
                      + (memcmp(grad[0].at, grad[1].at, bytes) != 0);
    claim_equal(lab, "3.27", "1 and 3 threads: of y and dx, how many differ", 0, moved);
    tape_training(t, false, 0);
    Node *in = constant_node(t, x);
    claim_equal(lab, "3.27", "not training: the result is x itself, the same node", 1,
                dropout(t, in, 0.3) == in);
    tape_reset(t);
    for (int i = 0; i < 2; i++) mat_free(y[i]), mat_free(grad[i]);
}

static void run(Lab *lab) {
    // At least 2^15, so that dropout shares the rows out over threads.
    int rows = (int)option_int(&lab->args, "numbers", 1 << 15, 1 << 24) / COLS;
    double value = option_real(&lab->args, "value", 1e-3, 1e3);
    Mat x = mat_new(rows, COLS);
    mat_fill(x, (real)value);
    Tape *t = tape_new(NULL);
    tape_training(t, true, rng_bits(&lab->rng));
    claim_moments(lab, t, x, (double)(real)value);
    claim_mask(lab, t, x);
    tape_free(t), mat_free(x);
}

const LabSpec lab_dropout = {"dropout", "3.4",
                             "Dropout keeps the mean and adds variance p / (1 - p)",
                             run, options};
