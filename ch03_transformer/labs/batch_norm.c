// Batch norm, the contrast: what a sample becomes depends on its company. Lecture,
// section 3.3.
//
// Layer norm takes mean and variance over the channels of a row, batch norm over the
// rows of a channel. So dy_ij / dx_kl is 0 unless i = k there, unless j = l here; one
// row alone is its own mean and comes out as 0; and with n rows the mean is off by
// sigma / sqrt(n), which is what the figure shows: a sample that is at the mean of
// all, 0, and should come out as 0.
//
// Exactly, with n - 1 normal companions: let A = (n-1) mean^2 and C the sum of squares
// about it, chi-square with 1 and n - 2 degrees of freedom. The batch has the mean
// (n-1)/n mean and the sum of squares C + A/n, so with w = (n-1)/n
//
//     y^2 = w A / (C + A/n) = w B / (1 - w B),  B = A / (A + C) = sin^2 theta,
//                                                                          theta of density ~ cos^(n-3) theta
//
// Ioffe, Szegedy (2015), arXiv:1502.03167.
#include "ch03_transformer/batch_norm.h"

#include <math.h>
#include <string.h>

#include "ch03_transformer/labs/norm_rows.h"
#include "common/program/plot.h"

static const Option options[] = {
    {"samples", "4", "rows of the Jacobian's batch"},
    {"channels", "3", "columns of it"},
    {"draws", "64", "batches of each size, of 32 channels"},
    {0}};

static const double EPSILON = 1e-5;

// ---- the Jacobian

// Row r of j: the derivatives of output r by all inputs. j: n d x n d.
static void fill_jacobian(BareNorm *bare, Mat j, Mat x) {
    int d = x.cols;
    Mat one = mat_new(x.rows, d);
    for (int r = 0; r < j.rows; r++) {
        *mat_at(one, r / d, r % d) = 1;
        norm_through(bare, (Mat){0}, mat_view(mat_at(j, r, 0), x.rows, d), x, one,
                     EPSILON);
        *mat_at(one, r / d, r % d) = 0;
    }
    mat_free(one);
}

static int non_zeros(Mat m) {
    int count = 0;
    for (int i = 0; i < m.rows; i++)
        for (int j = 0; j < m.cols; j++) count += *mat_at(m, i, j) != 0;
    return count;
}

// Pairs of different samples of which one moves the other.
static int coupled_pairs(Mat jacobian, int n, int d) {
    int count = 0;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++)
            count += i != k
                     && non_zeros(mat_cols(mat_rows(jacobian, i * d, d), k * d, d)) > 0;
    return count;
}

static void print_patterns(Lab *lab, Mat layer, Mat batch) {
    char line[2][256];
    if (layer.rows > 24) return;
    lab_print(lab, "  %-*s  batch norm", 2 * layer.cols, "layer norm");
    for (int i = 0; i < layer.rows; i++) {
        for (int j = 0; j < layer.cols; j++) {
            memcpy(line[0] + 2 * j, *mat_at(layer, i, j) != 0 ? "# " : ". ", 3);
            memcpy(line[1] + 2 * j, *mat_at(batch, i, j) != 0 ? "# " : ". ", 3);
        }
        lab_print(lab, "  %s  %s", line[0], line[1]);
    }
}

static void claim_pattern(Lab *lab, int n, int d) {
    Mat x = mat_new(n, d), layer = mat_new(n * d, n * d), batch = mat_new(n * d, n * d);
    rng_fill_normal(&lab->rng, x, 1);
    fill_jacobian(bare_layer_norm, layer, x), fill_jacobian(bare_batch_norm, batch, x);
    print_patterns(lab, layer, batch);
    claim_equal(lab, "3.18", "layer norm's Jacobian: numbers not 0, n d^2",
                (long long)n * d * d, non_zeros(layer));
    claim_equal(lab, "3.18", "batch norm's Jacobian: numbers not 0, d n^2",
                (long long)d * n * n, non_zeros(batch));
    claim_equal(lab, "3.18", "layer norm: pairs of samples that see one another", 0,
                coupled_pairs(layer, n, d));
    claim_equal(lab, "3.18", "batch norm: pairs of samples, n (n-1)",
                (long long)n * (n - 1), coupled_pairs(batch, n, d));
    mat_free(x), mat_free(layer), mat_free(batch);
}

// ---- company, and none

enum { BATCH = 8, WIDTH = 32 };

// Batch norm is layer norm of the transpose, forward and backward. Each may be off by
// what norm_rows.h says.
static void claim_transpose(Lab *lab, Rng *rng) {
    Mat m[8];  // x, g, y, dx, of BATCH x WIDTH and of WIDTH x BATCH
    for (int i = 0; i < 8; i++)
        m[i] = i < 4 ? mat_new(BATCH, WIDTH) : mat_new(WIDTH, BATCH);
    for (int i = 0; i < 2; i++)
        rng_fill_normal(rng, m[i], 1), mat_copy(m[4 + i], mat_transpose(m[i]));
    norm_through(bare_batch_norm, m[2], m[3], m[0], m[1], EPSILON);
    norm_through(bare_layer_norm, m[6], m[7], m[4], m[5], EPSILON);
    double worst_y = 0, worst_dx = 0;
    for (int j = 0; j < WIDTH; j++) {
        RowNorm r = row_norm(NORM_LAYER, mat_at(m[4], j, 0), mat_at(m[5], j, 0), BATCH,
                             EPSILON);
        for (int i = 0; i < BATCH; i++) {
            real x = *mat_at(m[4], j, i), g = *mat_at(m[5], j, i);
            double off_y = fabs((double)*mat_at(m[2], i, j) - *mat_at(m[6], j, i));
            double off_dx = fabs((double)*mat_at(m[3], i, j) - *mat_at(m[7], j, i));
            worst_y = nan_max(worst_y, off_y / (2 * row_y_error(&r, x)));
            worst_dx = nan_max(worst_dx, off_dx / (2 * row_dx_error(&r, x, g)));
        }
    }
    claim_at_most(lab, "3.18", "BN(x) - LN(x^T)^T, in bounds, worst", 1, worst_y);
    claim_at_most(lab, "3.18", "... and their gradients", 1, worst_dx);
    for (int i = 0; i < 8; i++) mat_free(m[i]);
}

// Numbers of the first row that change when all other rows do.
static int changed_by_company(BareNorm *bare, Rng *rng) {
    Mat x = mat_new(BATCH, WIDTH), before = mat_new(BATCH, WIDTH),
        after = mat_new(BATCH, WIDTH);
    rng_fill_normal(rng, x, 1);
    norm_through(bare, before, (Mat){0}, x, (Mat){0}, EPSILON);
    rng_fill_normal(rng, mat_rows(x, 1, BATCH - 1), 1);
    norm_through(bare, after, (Mat){0}, x, (Mat){0}, EPSILON);
    int count = 0;
    for (int j = 0; j < WIDTH; j++) count += before.at[j] != after.at[j];
    mat_free(x), mat_free(before), mat_free(after);
    return count;
}

// A batch of one, with gain and bias: mean = x, so all that is left is the bias, and no
// gradient comes back.
static void claim_alone(Lab *lab, Rng *rng) {
    Mat m[4];  // x, gain, bias, the gradient from above
    for (int i = 0; i < 4; i++) {
        m[i] = mat_new(1, WIDTH);
        rng_fill_normal(rng, m[i], 3);
    }
    Tape *t = tape_new(NULL);
    Node *x = variable_node(t, m[0]);
    Node *y = batch_norm(t, x, constant_node(t, m[1]), constant_node(t, m[2]), EPSILON);
    tape_backward_from(t, y, m[3]);
    int kept = 0;
    for (int j = 0; j < WIDTH; j++) kept += y->value.at[j] != m[2].at[j];
    claim_equal(lab, "3.18", "batch of one: outputs that are not the bias", 0, kept);
    claim_equal(lab, "3.18", "batch of one: gradients that are not 0", 0,
                non_zeros(x->grad));
    tape_free(t);
    for (int i = 0; i < 4; i++) mat_free(m[i]);
}

// A batch of two, D apart: y = +-D / sqrt(D^2 + 4 epsilon), whatever the samples are.
// The mean is rounded, 2^-24 |mean|, and 1 / s, x - mean and y, once each.
static void claim_two(Lab *lab, Rng *rng) {
    Mat x = mat_new(2, WIDTH), y = mat_new(2, WIDTH);
    rng_fill_normal(rng, x, 3);
    norm_through(bare_batch_norm, y, (Mat){0}, x, (Mat){0}, EPSILON);
    double worst = 0;
    for (int j = 0; j < WIDTH; j++) {
        double a = *mat_at(x, 0, j), b = *mat_at(x, 1, j), apart = fabs(a - b);
        double bound = 0x1p-24 * (fabs(a + b) / apart + 4);
        worst = nan_max(worst, fabs(fabs((double)y.at[j])
                                    - apart / sqrt(apart * apart + 4 * EPSILON))
                                   / bound);
    }
    claim_at_most(lab, "3.18", "batch of two: |y| - D / sqrt(D^2 + 4 eps) in bounds", 1,
                  worst);
    mat_free(x), mat_free(y);
}

// ---- noise

typedef struct {
    double square, fourth;
} Moments;

// E y^2 and E y^4 of the law above, by Simpson's rule. n >= 4.
static Moments expected(int n) {
    // the density is 1 / sqrt(n) wide: at n = 2^14 still 100 steps
    enum { STEPS = 20000 };
    Moments m = {0};
    double total = 0, w = (n - 1.0) / n;
    for (int i = 0; i <= STEPS; i++) {
        double theta = M_PI / 2 * i / STEPS, sine = sin(theta),
               y2 = w * sine * sine / (1 - w * sine * sine);
        double weight = (i == 0 || i == STEPS ? 1
                         : i % 2              ? 4
                                              : 2)
                        * pow(cos(theta), n - 3);
        total += weight, m.square += weight * y2, m.fourth += weight * y2 * y2;
    }
    return (Moments){m.square / total, m.fourth / total};
}

// The mean of y^2 over `draws` batches of n with a 0 in the first row, each channel a
// batch of its own.
static double measured(const Rng *rng, int n, int draws) {
    Mat x = mat_new(n, WIDTH), y = mat_new(n, WIDTH);
    double sum = 0;
    for (int draw = 0; draw < draws; draw++) {
        Rng own = rng_split(rng, (uint64_t)draw);
        rng_fill_normal(&own, x, 1);
        mat_fill(mat_rows(x, 0, 1), 0);
        norm_through(bare_batch_norm, y, (Mat){0}, x, (Mat){0}, 0);
        for (int j = 0; j < WIDTH; j++) sum += pow(y.at[j], 2);
    }
    mat_free(x), mat_free(y);
    return sum / draws / WIDTH;
}

// batches of 4, 8, ... 1024; slopes from 64 on, where 1 / sqrt(n) is near
enum { SMALLEST = 4, SIZES = 9, FIT_FROM = 4 };

static double slope(const double *log_y, double *weight) {
    const double middle = (FIT_FROM + SIZES - 1) / 2.0;
    double sum = 0;
    *weight = 0;
    for (int i = FIT_FROM; i < SIZES; i++) {
        double x = (i - middle) * log(2);
        sum += x * log_y[i], *weight += x * x;
    }
    return sum / *weight;
}

static void claim_noise(Lab *lab, int draws) {
    double log_law[SIZES], log_spread[SIZES], worst = 0, weight, largest = 0;
    Plot *p = plot_new(lab, "batch_norm", "batch spread error law root");
    for (int i = 0; i < SIZES; i++) {
        int n = SMALLEST << i;
        Rng own = rng_split(&lab->rng, (uint64_t)n);
        Moments law = expected(n);
        double error =
            sqrt((law.fourth - law.square * law.square) / ((double)draws * WIDTH));
        double square = measured(&own, n, draws);
        worst = nan_max(worst, fabs(square - law.square) / error);
        log_law[i] = log(law.square) / 2, log_spread[i] = log(square) / 2;
        if (i >= FIT_FROM) largest = nan_max(largest, error / law.square / 2);
        plot_row(p, n, sqrt(square), 5 * error / (2 * sqrt(law.square)),
                 sqrt(law.square), 1 / sqrt(n));
    }
    claim_at_most(lab, "3.19", "spread of one sample, n = 4 ... 1024: worst, s.e.", 5,
                  worst);
    // A slope through points of error e is off by e / sqrt(sum (x - mean)^2).
    double fitted = slope(log_spread, &weight);
    claim_near(lab, "3.19", "slope of log spread, n = 64 ... 1024, of the law",
               slope(log_law, &weight), fitted, 5 * largest / sqrt(weight));
    plot_axes(p, "n: samples in the batch", "spread of one sample's output");
    plot_set(p, "logscale x 2"), plot_set(p, "logscale y"),
        plot_set(p, "xrange [3.5:1200]");
    plot_line(p, "batch", "law", "law"), plot_dashes(p, "batch", "root", "1 / sqrt(n)");
    plot_errors(p, "batch", "spread", "error", "batch norm, +-5 s.e. (layer norm: 0)");
    plot_end(p);
}

static void run(Lab *lab) {
    int n = (int)option_int(&lab->args, "samples", 3, 16),
        d = (int)option_int(&lab->args, "channels", 3, 16);
    int draws = (int)option_int(&lab->args, "draws", 16, 1024);
    claim_pattern(lab, n, d);
    claim_transpose(lab, &lab->rng);
    claim_equal(lab, "3.18", "layer norm: other company, numbers that change", 0,
                changed_by_company(bare_layer_norm, &lab->rng));
    claim_equal(lab, "3.18", "batch norm: other company, numbers of 32 that change",
                WIDTH, changed_by_company(bare_batch_norm, &lab->rng));
    claim_alone(lab, &lab->rng);
    claim_two(lab, &lab->rng);
    claim_noise(lab, draws);
}

const LabSpec lab_batch_norm = {
    "batch-norm", "3.3", "Batch norm: a sample depends on its company", run, options};
