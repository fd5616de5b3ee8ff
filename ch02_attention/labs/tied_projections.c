// Why W_Q and W_K differ. Lecture, section 2.1.
//
//     W_Q = W_K = W:   S = X W W^T X^T is symmetric, S_ij = S_ji; with RoPE as well, as R_m^T R_n = R_(n-m)
//                      P = softmax(S) is not: each row is divided by its own sum
//                      S_ii = |W x_i|^2 / sqrt(d), about sqrt(d): a token mostly attends to itself
//
// For X X^T itself with x ~ N(0, 1): S_ii is about sqrt(d), and the T - 1 others are
// N(0, 1), whose e^S has mean e^(1/2): self-weight about 1 / (1 + (T - 1) e^(1/2 - sqrt
// d)). Only where all |x_i| are equal must the diagonal be the largest of its row
// (Cauchy and Schwarz). With W_Q and W_K independent the self-weight is that of any
// other, 1/T.
#include <math.h>
#include <stdlib.h>

#include "ch02_attention/attention.h"
#include "ch02_attention/position.h"
#include "ch02_attention/softmax.h"
#include "common/numeric/vec.h"
#include "common/program/plot.h"

static const Option options[] = {
    {"tokens", "32", "T"}, {"draws", "100", "inputs for each d"}, {0}};

typedef struct {
    double tied, tied_error, untied, untied_error, raw;  // mean self-weights
    // max |S - S^T| of all draws; least max |P - P^T|
    double asymmetry, least_asymmetry;
    long long not_largest;  // rows, |x_i| made equal, whose diagonal is not the largest
} Point;

static double asymmetry(Mat m) {
    double largest = 0;
    for (int i = 0; i < m.rows; i++)
        for (int j = 0; j < i; j++)
            largest =
                nan_max(largest, fabs((double)*mat_at(m, i, j) - *mat_at(m, j, i)));
    return largest;
}

// scores := q k^T / sqrt(d), then weights := their softmax; returns the mean
// self-weight. As attention does it, but the division comes last: q times it and k
// without it would round differently.
static double weigh(Mat scores, Mat weights, Mat q, Mat k) {
    double self = 0;
    matmul(scores, q, mat_transpose(k));
    for (int i = 0; i < q.rows; i++)
        for (int j = 0; j < k.rows; j++)
            *mat_at(weights, i, j) = attention_scale(q.cols) * *mat_at(scores, i, j);
    softmax_mat(weights);
    for (int i = 0; i < q.rows; i++) self += (double)*mat_at(weights, i, i) / q.rows;
    return self;
}

static long long rows_not_largest(Mat x, Mat scores) {
    long long count = 0;
    for (int i = 0; i < x.rows; i++) {
        real length = (real)sqrt(
            (double)array_dot(mat_at(x, i, 0), mat_at(x, i, 0), (size_t)x.cols));
        for (int j = 0; j < x.cols; j++) *mat_at(x, i, j) /= length;
    }
    matmul(scores, x, mat_transpose(x));
    for (int i = 0; i < x.rows; i++) {
        int lost = 0;
        for (int j = 0; j < x.rows; j++)
            lost |= !(*mat_at(scores, i, j) <= *mat_at(scores, i, i));
        count += lost;
    }
    return count;
}

static Point measure(Rng *rng, int T, int d, int draws) {
    Mat x = mat_new(T, d), wq = mat_new(d, d), wk = mat_new(d, d), q = mat_new(T, d),
        k = mat_new(T, d);
    Mat scores = mat_new(T, T), p = mat_new(T, T);
    Position rope = position_new_rope((Rope){.dim = d, .base = 10000}, T);
    Point at = {.least_asymmetry = INFINITY};
    double tied2 = 0, untied2 = 0;
    for (int draw = 0; draw < draws; draw++) {
        rng_fill_normal(rng, x, 1), rng_fill_normal(rng, wq, 1 / sqrt(d)),
            rng_fill_normal(rng, wk, 1 / sqrt(d));
        matmul(q, x, wq), matmul(k, x, wk);
        double untied = weigh(scores, p, q, k), tied = weigh(scores, p, q, q);
        at.untied += untied / draws, untied2 += untied * untied / draws,
            at.tied += tied / draws, tied2 += tied * tied / draws;
        at.asymmetry = nan_max(at.asymmetry, asymmetry(scores));
        at.least_asymmetry = nan_min(at.least_asymmetry, asymmetry(p));
        position_turn(&rope, q, 1, 0, false);
        weigh(scores, p, q, q);
        at.asymmetry = nan_max(at.asymmetry, asymmetry(scores));
        at.raw += weigh(scores, p, x, x) / draws;
        at.not_largest += rows_not_largest(x, scores);
    }
    at.tied_error = sqrt(fmax(0, tied2 - at.tied * at.tied) / draws);
    at.untied_error = sqrt(fmax(0, untied2 - at.untied * at.untied) / draws);
    position_free(&rope);
    Mat all[] = {x, wq, wk, q, k, scores, p};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
    return at;
}

static void run(Lab *lab) {
    int T = (int)option_int(&lab->args, "tokens", 2, 512),
        draws = (int)option_int(&lab->args, "draws", 2, 100000);
    Plot *p =
        plot_new(lab, "tied_projections",
                 "dim tied tied_error untied untied_error raw raw_derived uniform");
    Point all = {.least_asymmetry = INFINITY}, at64 = {0};
    for (int d = 4; d <= 128; d *= 2) {
        Rng own = rng_split(&lab->rng, (uint64_t)d);
        Point at = measure(&own, T, d, draws);
        all.asymmetry = nan_max(all.asymmetry, at.asymmetry);
        if (d == 16) all.least_asymmetry = at.least_asymmetry;
        all.not_largest += at.not_largest;
        if (d == 64) at64 = at;
        plot_row(p, d, at.tied, 5 * at.tied_error, at.untied, 5 * at.untied_error,
                 at.raw, 1 / (1 + (T - 1) * exp(0.5 - sqrt(d))), 1.0 / T);
    }
    // S_ij and S_ji are sums of the same products in the same order.
    claim_near(lab, "2.7", "tied, also with RoPE: largest |S - S^T|", 0, all.asymmetry,
               0);
    // Lengths are equal up to 2^-23, so that only rows within an angle of 5e-4 could
    // come out the other way round; for random ones that has a chance below 1e-5, at d
    // = 4.
    claim_equal(lab, "2.9", "|x_i| equal: rows with S_ij > S_ii", 0, all.not_largest);
    if (T == 32) {
        // Weights are at most 1, within 2^-22 of the truth: a thousand times that is no
        // rounding.
        claim_at_least(lab, "2.8", "but weights, d = 16: least max |P - P^T|",
                       1000 * 0x1p-22, all.least_asymmetry);
        // "Mostly" is more than half.
        claim_at_least(lab, "2.8", "d = 64, tied: weight on oneself",
                       0.5 + 5 * at64.tied_error, at64.tied);
        // Not exactly 1/T: |q_i| grows with |x_i|, so a long x_i has larger scores, and
        // among them its own. With b = |x|^2 / d, of variance 2/d, T P_ii is about E
        // e^(b b / 2) / E e^(b b' / 2) = 1 + 2/d - 1/(2d) for independent b, b'.
        claim_near(lab, "2.8", "d = 64, not tied: weight on oneself = 1/T", 1.0 / T,
                   at64.untied, 1.5 / (64.0 * T) + 5 * at64.untied_error);
    }
    plot_axes(p, "d", "weight of a token on itself");
    plot_set(p, "logscale x 2"), plot_set(p, "yrange [0:1.05]");
    plot_line(p, "dim", "raw_derived", "1 / (1 + (N-1) e^{1/2 - sqrt d})"),
        plot_line(p, "dim", "uniform", "1/N");
    plot_points(p, "dim", "raw", "X X^T"),
        plot_errors(p, "dim", "tied", "tied_error", "W_Q = W_K");
    plot_errors(p, "dim", "untied", "untied_error", "W_Q, W_K independent");
    plot_end(p);
}

const LabSpec lab_tied_projections = {
    "tied-projections", "2.1", "Why W_Q and W_K differ: tied scores are symmetric", run,
    options};
