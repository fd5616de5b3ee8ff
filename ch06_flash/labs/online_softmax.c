// F1: a softmax in one pass. Lecture, section 6.2.
//
// The parts of a row merge to the whole in any order. How often the maximum is raised:
// score j of a row is the largest so far with probability 1/j, if all orders are
// equally likely, so H_N = 1 + 1/2 + ... + 1/N times on average, with variance H_N -
// sum 1/j^2.
#include "ch06_flash/online_softmax.h"

#include <math.h>

#include "ch06_flash/labs/heads.h"
#include "common/program/plot.h"

static const Option options[] = {
    {"trials", "400", "rows, each with keys of its own"}, {"dim", "8", "d"}, {0}};

enum { MOST = 2048 };

typedef struct {
    double mean, variance;
} Moments;

static Moments moments(const double *x, int n) {
    Moments m = {0};
    for (int i = 0; i < n; i++) m.mean += x[i] / n;
    for (int i = 0; i < n; i++)
        m.variance += (x[i] - m.mean) * (x[i] - m.mean) / (n - 1);
    return m;
}

// The mean over `rows` queries of how often the maximum was raised, for fresh keys.
static double raised(Rng *rng, int rows, int n, int d) {
    FlashHead h = lab_head(rng, n, d, 1);
    h.q.rows = h.q.rows < rows ? h.q.rows : rows;
    Mat out = mat_new(h.q.rows, d);
    double mean = (double)online_attention(out, (Mat){0}, &h) / h.q.rows;
    mat_free(out), lab_head_free(&h);
    return mean;
}

static void records(double n, double *mean, double *variance) {
    *mean = *variance = 0;
    for (int j = 1; j <= n; j++) *mean += 1.0 / j, *variance += 1.0 / j - 1.0 / j / j;
}

// Rows cut at random, put together from the left and from the right.
static double worst_merge(Rng *rng) {
    enum { N = 200, TRIALS = 200 };
    double worst = 0;
    for (int t = 0; t < TRIALS; t++) {
        real s[N];
        for (int j = 0; j < N; j++) s[j] = (real)(8 * rng_normal(rng));
        int a = rng_below(rng, N), b = a + rng_below(rng, N - a);
        RowPart x = row_part_of(s, a), y = row_part_of(s + a, b - a),
                z = row_part_of(s + b, N - b), whole = row_part_of(s, N),
                left = row_part_merge(row_part_merge(x, y), z),
                right = row_part_merge(z, row_part_merge(y, x));
        worst = nan_max(worst, fabs(left.sum / whole.sum - 1));
        worst = nan_max(worst, fabs(right.sum / whole.sum - 1));
    }
    return worst;
}

// With d = 1 all queries of one sign see the keys in the same order: N rows are no more
// than two. The spread of their mean over fresh keys, against that of independent rows.
static double shared_keys(Rng *rng, int n, int d) {
    enum { TRIALS = 60 };
    double means[TRIALS], mean, variance;
    for (int t = 0; t < TRIALS; t++) means[t] = raised(rng, n, n, d);
    records(n, &mean, &variance);
    return sqrt(moments(means, TRIALS).variance / (variance / n));
}

static void claim_overflow(Lab *lab) {
    // e^88.73 is the largest finite float: the sum that subtracts no maximum
    float plain = expf(90) + expf(89);
    RowPart part = row_part_of((real[]){90, 89}, 2);
    claim_equal(lab, "6.3", "e^90 + e^89 is finite in float", 0, isfinite(plain));
    // two roundings of exp and log of a number near 90
    claim_near(lab, "6.3", "L of scores 90 and 89: 90 + ln(1 + 1/e)",
               90 + log1p(exp(-1)), row_part_log(part), 90 * 0x1p-23);
}

static void run(Lab *lab) {
    int trials = (int)option_int(&lab->args, "trials", 10, 100000),
        d = (int)option_int(&lab->args, "dim", 1, 256);
    Rng rng = lab->rng;
    // a merge rounds three times; 200 of them in a row
    claim_near(lab, "6.2", "three parts of a row, merged either way / whole - 1", 0,
               worst_merge(&rng), 3 * 200 * 0x1p-24);
    claim_overflow(lab);
    Plot *p = plot_new(lab, "online_softmax", "keys measured error derived");
    for (int n = 1; n <= MOST; n *= 4) {
        double sum = 0, mean, variance;
        for (int t = 0; t < trials; t++) sum += raised(&rng, 1, n, d);
        records(n, &mean, &variance);
        double error = sqrt(variance / trials);
        plot_row(p, n, sum / trials, error, mean);
        // rows with keys of their own are independent: 5 standard errors
        if (n > 1 && n * 4 > MOST)
            claim_near(lab, "6.4", "how often a maximum is raised: H_N", mean,
                       sum / trials, 5 * error);
    }
    // sqrt(N / 2) = 8 with two independent rows; a sd of 60 has 5 x 9 % of error
    claim_at_least(lab, "6.4",
                   "128 rows with the same keys, d = 1: sd of their mean, x", 8 * 0.55,
                   shared_keys(&rng, 128, 1));
    plot_axes(p, "keys N", "times the maximum is raised");
    plot_set(p, "logscale x 2");
    plot_set(p, "key top left");
    plot_line(p, "keys", "derived", "H_N = 1 + 1/2 + ... + 1/N");
    plot_errors(p, "keys", "measured", "error", "measured");
    plot_end(p);
}

const LabSpec lab_online_softmax = {
    "online-softmax", "6.2", "How often the maximum of a row is raised", run, options};
