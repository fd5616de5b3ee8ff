// What a mask does, and where it belongs. Lecture, section 2.2.
//
//     no mask, no positions:  attention(Pi X) = Pi attention(X): equivariant (not
//                             invariant: the outputs move along)
//     causal mask:            outputs up to t do not depend on tokens after t, to the last
//                             bit; equivariance is gone
//     mask after softmax:     P_ij := 0 for j > i leaves sum_j e^S_ij over all j in the
//                             denominator: the future leaks
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch02_attention/attention.h"
#include "common/error.h"
#include "common/program/plot.h"

static const Option options[] = {{"tokens", "48", "T"},
                                 {"dim", "16", "d"},
                                 {"changed", "24", "the token that changes"},
                                 {0}};

// softmax first, then the mask: the mistake.
static void attention_masked_late(Mat out, Mat q, Mat k, Mat v) {
    Mat weights = mat_new(q.rows, k.rows);
    attention(out, weights, q, k, v, attention_scale(q.cols), (Mat){0}, &(Mask){0});
    for (int i = 0; i < q.rows; i++)
        for (int j = i + 1; j < k.rows; j++) *mat_at(weights, i, j) = 0;
    matmul(out, weights, v);
    mat_free(weights);
}

typedef enum { NONE, CAUSAL, LATE, KINDS } Kind;

static void attend(Mat out, Kind kind, const Mat *w, Mat x) {  // w: W_Q, W_K, W_V
    Mat q = mat_new(x.rows, x.cols), k = mat_new(x.rows, x.cols),
        v = mat_new(x.rows, x.cols);
    matmul(q, x, w[0]), matmul(k, x, w[1]), matmul(v, x, w[2]);
    Mat weights = mat_new(x.rows, x.rows);
    if (kind == LATE) attention_masked_late(out, q, k, v);
    else
        attention(out, weights, q, k, v, attention_scale(x.cols), (Mat){0},
                  &(Mask){.causal = kind == CAUSAL});
    mat_free(q), mat_free(k), mat_free(v), mat_free(weights);
}

// max |attention(Pi X) - Pi attention(X)|
static double equivariance_error(Kind kind, const Mat *w, Mat x) {
    Mat moved = mat_new(x.rows, x.cols), out = mat_new(x.rows, x.cols),
        out_moved = mat_new(x.rows, x.cols);
    int *order = allocate((size_t)x.rows, sizeof *order);
    double worst = 0;
    // backwards: never the order it had
    for (int i = 0; i < x.rows; i++) order[i] = x.rows - 1 - i;
    for (int i = 0; i < x.rows; i++)
        mat_copy(mat_rows(moved, i, 1), mat_rows(x, order[i], 1));
    attend(out, kind, w, x), attend(out_moved, kind, w, moved);
    for (int i = 0; i < x.rows; i++)
        worst = nan_max(worst, mat_difference(mat_rows(out_moved, i, 1),
                                              mat_rows(out, order[i], 1)));
    mat_free(moved), mat_free(out), mat_free(out_moved), free(order);
    return worst;
}

// change[t]: how far output t moves when token `changed` is replaced.
static void leak(double *change, Rng *rng, Kind kind, const Mat *w, Mat x,
                 int changed) {
    Mat other = mat_new(x.rows, x.cols), out = mat_new(x.rows, x.cols),
        after = mat_new(x.rows, x.cols);
    mat_copy(other, x);
    rng_fill_normal(rng, mat_rows(other, changed, 1), 1);
    attend(out, kind, w, x), attend(after, kind, w, other);
    for (int t = 0; t < x.rows; t++)
        change[t] = mat_difference(mat_rows(out, t, 1), mat_rows(after, t, 1));
    mat_free(other), mat_free(out), mat_free(after);
}

static void run(Lab *lab) {
    int T = (int)option_int(&lab->args, "tokens", 2, 2048),
        d = (int)option_int(&lab->args, "dim", 1, 512);
    int changed = (int)option_int(&lab->args, "changed", 1, T - 1);
    Rng rng = lab->rng;
    Mat w[] = {mat_new(d, d), mat_new(d, d), mat_new(d, d)}, x = mat_new(T, d),
        v = mat_new(T, d);
    for (int i = 0; i < 3; i++) rng_fill_normal(&rng, w[i], 1 / sqrt(d));
    rng_fill_normal(&rng, x, 1);
    matmul(v, x, w[2]);
    // Only sums over keys change their order: T roundings of 2^-24 each in the sum of
    // weights and in the mean of values.
    double rounding = 2 * (T + 4) * 0x1p-24 * mat_largest(v);
    claim_near(lab, "2.10", "no mask: attention(Pi X) - Pi attention(X)", 0,
               equivariance_error(NONE, w, x), rounding);
    claim_at_least(lab, "2.10", "causal: it is not equivariant", 100 * rounding,
                   equivariance_error(CAUSAL, w, x));
    double *change[KINDS];
    int moved[KINDS] = {0};
    for (int kind = 0; kind < KINDS; kind++) {
        Rng same = rng;  // the same replacement for each
        change[kind] = allocate((size_t)T, sizeof(double));
        leak(change[kind], &same, (Kind)kind, w, x, changed);
        for (int t = 0; t < changed; t++) moved[kind] += change[kind][t] > 0;
    }
    claim_equal(lab, "2.11", "causal: earlier outputs that change at all", 0,
                moved[CAUSAL]);
    claim_equal(lab, "2.11", "no mask: earlier outputs that change", changed,
                moved[NONE]);
    // One denominator in T may happen to round to itself; half of them do not.
    claim_at_least(lab, "2.11", "mask after softmax: earlier outputs that change",
                   (changed + 1) / 2, moved[LATE]);
    Plot *p = plot_new(lab, "equivariance", "position none causal late");
    const double floor = 1e-9;
    for (int t = 0; t < T; t++)
        plot_row(p, t, fmax(floor, change[NONE][t]), fmax(floor, change[CAUSAL][t]),
                 fmax(floor, change[LATE][t]));
    plot_axes(p, "position t", "change of output t");
    plot_set(p, "logscale y"), plot_set(p, "format y \"10^{%%T}\""),
        plot_set(p, "yrange [3e-10:30]");
    plot_set(p, "ytics add (\"0\" 1e-9)");
    plot_set(p, "arrow 1 from %d, 3e-10 to %d, 30 nohead dashtype 3", changed, changed);
    plot_set(p, "label 1 \"this token is replaced\" at %g, 12", changed + 0.01 * T);
    plot_points(p, "position", "causal", "causal mask"),
        plot_points(p, "position", "none", "no mask");
    plot_points(p, "position", "late", "mask after softmax: leaks");
    plot_end(p);
    for (int i = 0; i < 3; i++) mat_free(w[i]), free(change[i]);
    mat_free(x), mat_free(v);
}

const LabSpec lab_equivariance = {
    "equivariance", "2.2", "What a mask changes, and where it belongs", run, options};
