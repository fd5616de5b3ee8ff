// Problem 1: attention sink.
#include <math.h>
#include <string.h>

#include "ch02_attention/homework/grade.h"

enum { SCORES = 6 };

typedef struct {
    double weights[SCORES], sink;
} Sunk;

// By the definition; for moderate numbers.
static Sunk sunk(const double *scores, double sink) {
    Sunk s = {.sink = exp(sink)};
    double sum = s.sink;
    for (int j = 0; j < SCORES; j++) sum += s.weights[j] = exp(scores[j]);
    for (int j = 0; j < SCORES; j++) s.weights[j] /= sum;
    s.sink /= sum;
    return s;
}

static Sunk run_sink(const double *scores, double sink) {
    real numbers[SCORES];
    Sunk s;
    for (int j = 0; j < SCORES; j++) numbers[j] = (real)scores[j];
    real *row = grade_guarded("scores", numbers, sizeof numbers);
    s.sink = sink_softmax(row, SCORES, (real)sink);
    for (int j = 0; j < SCORES; j++) s.weights[j] = row[j];
    return s;
}

static bool near_numbers(const double *a, const double *b, int n, double tolerance) {
    for (int j = 0; j < n; j++)
        if (!(fabs(a[j] - b[j]) <= tolerance)) return false;
    return true;
}

// Weights are at most 1, so this is their rounding: |score - most| <= 8, rounded to 8 x
// 2^-24, becomes a relative error of e^x.
static double sunk_tolerance(void) { return rounding(SCORES + 8, 1); }

static bool near_sunk(const Sunk *a, const Sunk *b) {
    return near_numbers(a->weights, b->weights, SCORES, sunk_tolerance())
           && fabs(a->sink - b->sink) <= sunk_tolerance();
}

static bool nan_sunk(const Sunk *s) {
    double sum = s->sink;
    for (int j = 0; j < SCORES; j++) sum += s->weights[j];
    return !isfinite(sum);
}

static bool expect_sunk(Grade *g, int points, const char *what, const Sunk *got,
                        const Sunk *want, double tolerance) {
    static const char *const names[SCORES] = {"weight 0", "weight 1", "weight 2",
                                              "weight 3", "weight 4", "weight 5"};
    Reading all[SCORES + 1];
    for (int j = 0; j < SCORES; j++)
        all[j] = (Reading){names[j], got->weights[j], want->weights[j], tolerance};
    all[SCORES] = (Reading){"the sink's", got->sink, want->sink, sunk_tolerance()};
    return grade_readings(g, points, what, all, SCORES + 1);
}

static const double MODERATE[SCORES] = {0.4, -1.2, 1.3, -0.3, 0.9, -2};
static const double LARGEST = 1.3;

static void check_sink_forward(Grade *g) {
    Sunk one = run_sink(MODERATE, 0), want = sunk(MODERATE, 0);
    Sunk none = sunk(MODERATE, -INFINITY), unshifted = sunk(MODERATE, LARGEST);
    grade_mistake(
        g, near_numbers(one.weights, none.weights, SCORES, sunk_tolerance()), "no-sink",
        "the weights sum to 1: this is the ordinary softmax, the sink got nothing");
    grade_mistake(
        g, near_numbers(one.weights, unshifted.weights, SCORES, sunk_tolerance()),
        "sink-unshifted",
        "the largest score was subtracted, but not from the sink: its term is e^(sink "
        "- largest) now");
    bool whole = fabs(one.sink - 1) <= sunk_tolerance()
                 || fabs(one.sink - exp(-LARGEST)) <= sunk_tolerance();
    grade_mistake(
        g, whole && near_numbers(one.weights, want.weights, SCORES, sunk_tolerance()),
        "sink-not-divided",
        "the weights are right, but the sink's was not divided by the sum: it "
        "is a weight like the others");
    expect_sunk(g, 3, "sink = 0", &one, &want, sunk_tolerance());

    Sunk high = run_sink(MODERATE, 1.7), high_want = sunk(MODERATE, 1.7);
    Sunk low = run_sink(MODERATE, -INFINITY), low_want = sunk(MODERATE, -INFINITY);
    grade_mistake(g, near_sunk(&high, &want), "sink-is-one",
                  "sink = 1.7 gives what 0 gives: the extra term is e^sink, not 1");
    if (!near_sunk(&high, &high_want))
        expect_sunk(g, 2, "sink = 1.7", &high, &high_want, sunk_tolerance());
    else expect_sunk(g, 2, "sink = -inf", &low, &low_want, sunk_tolerance());
}

static void check_sink_masked(Grade *g) {
    double some[SCORES], all[SCORES];
    for (int j = 0; j < SCORES; j++)
        some[j] = j % 2 ? -INFINITY : MODERATE[j], all[j] = -INFINITY;
    Sunk half = run_sink(some, 0), half_want = sunk(some, 0);
    Sunk row = run_sink(all, 0), row_want = sunk(all, 0);
    Sunk nothing = run_sink(all, -INFINITY), zeros = {{0}, 0};
    grade_mistake(
        g, nan_sunk(&nothing), "masked-nan",
        "everything masked, sink = -inf: -inf - -inf and 0/0 are NaN; all weights are "
        "0 by the contract");
    grade_mistake(
        g, nothing.sink == 1, "sink-masked",
        "sink = -inf and everything masked: the sink has no weight either, by "
        "the contract");
    if (!near_sunk(&half, &half_want))
        expect_sunk(g, 2, "every other score masked, sink = 0", &half, &half_want,
                    sunk_tolerance());
    else if (!near_sunk(&row, &row_want))
        expect_sunk(g, 2, "all scores masked, sink = 0", &row, &row_want,
                    sunk_tolerance());
    else
        expect_sunk(g, 2, "all scores masked, sink = -inf", &nothing, &zeros,
                    sunk_tolerance());
}

static void check_sink_large(Grade *g) {
    double up[SCORES], down[SCORES];
    for (int j = 0; j < SCORES; j++)
        up[j] = 1000 + MODERATE[j], down[j] = -1000 + MODERATE[j];
    Sunk high = run_sink(up, 0), low = run_sink(down, 0), sink_only = {{0}, 1};
    Sunk high_want = sunk(MODERATE, -INFINITY);  // e^-1000 is nothing
    grade_mistake(
        g, nan_sunk(&high), "overflow",
        "e^1000 overflows: subtract the largest score from all of them first");
    grade_mistake(g, nan_sunk(&low), "sink-overflow",
                  "scores near -1000: the sink's e^(0 - largest) overflows. The sink "
                  "may be the largest itself");
    // 1000.4 has a spacing of 2^-14 in float: that is a relative error of 2^-15 a
    // weight.
    if (!near_sunk(&low, &sink_only))
        expect_sunk(g, 3, "scores near -1000", &low, &sink_only, sunk_tolerance());
    else expect_sunk(g, 3, "scores near 1000", &high, &high_want, 0x1p-13);
}

static void check_sink_backward(Grade *g) {
    static const double dp[SCORES] = {0.7, -1.1, 0.2, 1.9, -0.6, 0.5};
    Sunk p = sunk(MODERATE, 0.5);
    double d = 0, want[SCORES], no_d[SCORES], diagonal[SCORES], divided[SCORES],
           bare[SCORES], got[SCORES];
    real grad[SCORES], weights[SCORES];
    for (int j = 0; j < SCORES; j++) {
        d += p.weights[j] * dp[j];
        grad[j] = (real)dp[j], weights[j] = (real)p.weights[j];
    }
    for (int j = 0; j < SCORES; j++) {
        want[j] = p.weights[j] * (dp[j] - d);
        no_d[j] = p.weights[j] * dp[j];
        bare[j] = p.weights[j] * dp[j] - d;
        diagonal[j] = p.weights[j] * (1 - p.weights[j]) * dp[j];
        divided[j] = p.weights[j] * (dp[j] - d / (1 - p.sink));
    }
    double sink = sink_softmax_backward(grad, weights, SCORES, (real)p.sink),
           tolerance = rounding(SCORES, 2);
    for (int j = 0; j < SCORES; j++) got[j] = grad[j];
    grade_mistake(g, near_numbers(got, no_d, SCORES, tolerance), "no-d",
                  "these are P dP: each score lowers all other weights, so D = sum of "
                  "P dP is subtracted");
    grade_mistake(g, near_numbers(got, bare, SCORES, tolerance), "d-not-weighed",
                  "P dP - D: the weight multiplies both, P (dP - D)");
    grade_mistake(g, near_numbers(got, diagonal, SCORES, tolerance), "diagonal-only",
                  "only the diagonal of the Jacobian: each score changes all weights, "
                  "not its own alone");
    grade_mistake(g, near_numbers(got, divided, SCORES, tolerance), "d-divided",
                  "D was divided by the sum of the weights: that they do not sum to 1 "
                  "changes nothing here");
    Table want_row = table_new(1, SCORES);
    memcpy(want_row.at, want, sizeof want);
    grade_near_mat(g, 3, "backward: the scores' gradient", mat_view(grad, 1, SCORES),
                   mat_of(want_row, 0), tolerance);
    grade_mistake(g, sink == 0, "sink-gradient-zero",
                  "the sink's gradient is 0: its value is 0, but its score lowers all "
                  "weights that do count");
    grade_mistake(g, fabs(sink - p.sink * d) <= tolerance, "sink-gradient-sign",
                  "the sink's gradient has the wrong sign");
    grade_mistake(
        g, fabs(sink - p.sink * (1 - d)) <= tolerance, "sink-worth-one",
        "the sink is worth 0 to the loss, not 1: its score's gradient is its weight "
        "times 0 - D");
    grade_near(g, 2, "backward: the gradient with respect to the sink", sink,
               -p.sink * d, tolerance);
}

void check_sink(Grade *g) {
    grade_part(g, check_sink_forward(g));
    grade_part(g, check_sink_large(g));
    grade_part(g, check_sink_masked(g));
    grade_part(g, check_sink_backward(g));
}
