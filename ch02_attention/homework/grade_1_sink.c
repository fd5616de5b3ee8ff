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

typedef enum {
    SINK_NOT_DIVIDED,  // the weights are not divided
    SINK_BASE_TWO,
    SINK_NEGATED,  // e^-score
    SINK_LAST,     // the last weight is not divided
    SINK_ADDED,    // the sink is added to the sum as it is
    SINK_TWICE,    // and to it twice
    SINK_COUNTED,  // divided by how many there are, too
    SINK_EACH,     // in the sum once per score, or once more than that
    SINK_EACH_MORE,
    SINK_RUNNING,  // each weight divided by the sum so far
    SINK_SHIFTED,  // the sink less the largest, without e^
    SINK_LATE,     // e^score - largest
    SINK_UP,       // e^(score + largest)
    SINK_AFTER,    // softmax, then divided by 1 + e^sink
    SINK_AGAIN,    // e^ of what is e^(score - largest) already
} SinkRule;

// e^score, as this rule has it.
static double score_term(SinkRule rule, double score, double most) {
    if (rule == SINK_BASE_TWO) return exp(log(2) * score);
    if (rule == SINK_NEGATED) return exp(-score);
    if (rule == SINK_LATE) return exp(score) - most;
    if (rule == SINK_UP) return exp(score + most);
    return exp(score);
}

// What the sink adds to the sum.
static double sink_term(SinkRule rule, double sink, double most) {
    if (rule == SINK_ADDED) return sink;
    if (rule == SINK_TWICE) return 2 * exp(sink);
    if (rule == SINK_EACH) return SCORES * exp(sink);
    if (rule == SINK_EACH_MORE) return (SCORES + 1) * exp(sink);
    if (rule == SINK_SHIFTED) return (sink - most) * exp(most);
    if (rule == SINK_LATE || rule == SINK_UP) return exp(sink - most);
    return score_term(rule, sink, most);
}

static Sunk sunk_by(SinkRule rule, const double *scores, double sink) {
    double most = fmax(sink, LARGEST), sum = sink_term(rule, sink, most);
    Sunk s = {.sink = exp(sink - most)};
    for (int j = 0; j < SCORES; j++) {
        sum += s.weights[j] = score_term(rule, scores[j], most);
        if (rule == SINK_RUNNING) s.weights[j] /= sum;
    }
    if (rule == SINK_RUNNING) return s;
    if (rule == SINK_AFTER) sum = (sum - exp(sink)) * (1 + exp(sink));
    if (rule == SINK_COUNTED) sum *= SCORES;
    for (int j = 0; j < SCORES; j++) {
        if (rule == SINK_AGAIN) s.weights[j] = exp(exp(scores[j] - most));
        bool kept = rule == SINK_NOT_DIVIDED || (rule == SINK_LAST && j == SCORES - 1);
        s.weights[j] /= kept ? exp(most) : sum;
    }
    return s;
}

static void recognise_weights(Grade *g, const Sunk *got, const double *scores,
                              double sink) {
    static const struct {
        SinkRule rule;
        const char *code, *says;
    } slips[] = {
        {SINK_NOT_DIVIDED, "weights-not-divided",
         "the weights e^(score - largest) were not divided by their sum"},
        {SINK_BASE_TWO, "base-two", "powers of 2: e^score"},
        {SINK_NEGATED, "negated", "e^-score: the largest score has the largest weight"},
        {SINK_LAST, "last-weight", "the last weight was not divided by the sum"},
        {SINK_ADDED, "sink-as-it-is", "the sink itself was added to the sum: e^sink"},
        {SINK_TWICE, "sink-twice", "the sink is in the sum twice"},
        {SINK_COUNTED, "divided-by-n", "divided by n too: the sum alone"},
        {SINK_EACH, "sink-per-score",
         "the sink is in the sum once for each score: it is one more key, once"},
        {SINK_EACH_MORE, "sink-per-score",
         "the sink is in the sum once more for each score: it is one more key, once"},
        {SINK_RUNNING, "sum-so-far",
         "each weight was divided by the sum so far: the sum is complete after a loop "
         "of its own"},
        {SINK_SHIFTED, "sink-as-it-is",
         "the sink less the largest was added to the sum: e to that"},
        {SINK_LATE, "shift-late",
         "the largest was subtracted from e^score: from the score, e^(score - "
         "largest)"},
        {SINK_AFTER, "sink-after-softmax",
         "softmax came first, and the sink after it: e^sink is one more term of the "
         "same sum, before anything is divided"},
        {SINK_AGAIN, "exp-twice",
         "e^ was taken twice: what is written in the loop of the sum is e^score "
         "already"},
        {SINK_UP, "shift-sign", "the largest was added to the scores: subtracted"},
    };
    for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
        Sunk slip = sunk_by(slips[i].rule, scores, sink);
        grade_mistake(
            g, near_numbers(got->weights, slip.weights, SCORES, sunk_tolerance()),
            slips[i].code, "%s", slips[i].says);
    }
}

// What came back for the sink where the weights are right.
static void recognise_sink(Grade *g, double got, const Sunk *want, double sink) {
    double most = fmax(sink, LARGEST), sum = exp(sink - most) / want->sink,
           tolerance = sunk_tolerance();
    grade_mistake(
        g, fabs(got - sum) <= 4 * tolerance || fabs(got - sum * exp(most)) < 1e-4,
        "returns-the-sum", "the sum was returned: the sink's weight, e^sink / sum");
    grade_mistake(g, fabs(got - (1 - sum)) <= 4 * tolerance, "one-less-sum",
                  "1 less the sum of e^(score - largest): of the weights, which are "
                  "divided");
    grade_mistake(g, fabs(got - (1 - want->sink)) <= tolerance, "others-weight",
                  "this is what the others have together: the sink's own weight");
    grade_mistake(g, fabs(got - sink) <= tolerance && fabs(sink) > 0.1,
                  "returns-the-sink", "the sink's score was returned: its weight");
    grade_mistake(g, got == 0 && want->sink > 0, "returns-zero",
                  "0 was returned for the sink: its weight, e^sink / sum");
}

static bool sunk_right(const double *scores, double sink) {
    Sunk got = run_sink(scores, sink), want = sunk(scores, sink);
    return near_sunk(&got, &want);
}

// The simpler case in which all weights are right.
static void contrast_sunk(Grade *g, bool right, bool weights) {
    static const double equal[SCORES] = {0.5, 0.5, 0.5, 0.5, 0.5, 0.5};
    if (right) return;
    grade_contrast(g, weights, "only-weights",
                   "right where it is a score's weight, wrong what comes back for the "
                   "sink: e^sink divided by the same sum");
    grade_contrast(g, sunk_right(MODERATE, -INFINITY), "only-no-sink",
                   "right where the sink is -inf, the chapter's softmax: what does the "
                   "sink add to the sum, and which weight comes back for it?");
    grade_contrast(g, sunk_right(MODERATE, 0), "only-sink-0",
                   "right where the sink is 0: what stands where e^sink belongs?");
    grade_contrast(
        g, sunk_right(MODERATE, 3), "only-sink-largest",
        "right where the sink is the largest of all, wrong where a score is: "
        "what is the largest subtracted from?");
    grade_contrast(
        g, sunk_right(equal, 0), "only-equal-scores",
        "right where all scores are equal: which score's e^ stands where, and "
        "is the sum complete before anything is divided?");
}

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
    bool weights = near_numbers(one.weights, want.weights, SCORES, sunk_tolerance());
    if (!weights) recognise_weights(g, &one, MODERATE, 0);
    else if (fabs(one.sink - want.sink) > sunk_tolerance())
        recognise_sink(g, one.sink, &want, 0);
    contrast_sunk(g, expect_sunk(g, 3, "sink = 0", &one, &want, sunk_tolerance()),
                  weights);

    Sunk high = run_sink(MODERATE, 1.7), high_want = sunk(MODERATE, 1.7);
    Sunk low = run_sink(MODERATE, -INFINITY), low_want = sunk(MODERATE, -INFINITY);
    grade_mistake(g, near_sunk(&high, &want), "sink-is-one",
                  "sink = 1.7 gives what 0 gives: the extra term is e^sink, not 1");
    if (!near_sunk(&high, &high_want))
        expect_sunk(g, 2, "sink = 1.7", &high, &high_want, sunk_tolerance());
    else expect_sunk(g, 2, "sink = -inf", &low, &low_want, sunk_tolerance());
    contrast_sunk(g, near_sunk(&high, &high_want) && near_sunk(&low, &low_want), false);
}

static void check_sink_masked(Grade *g) {
    double some[SCORES], all[SCORES];
    for (int j = 0; j < SCORES; j++)
        some[j] = j % 2 ? -INFINITY : MODERATE[j], all[j] = -INFINITY;
    Sunk half = run_sink(some, 0), half_want = sunk(some, 0);
    Sunk row = run_sink(all, 0), row_want = sunk(all, 0);
    Sunk nothing = run_sink(all, -INFINITY), zeros = {{0}, 0};
    grade_mistake(g, half.weights[1] == -INFINITY, "masked-left",
                  "the weight of a masked score is still -inf: it is 0, and the scores "
                  "behind it have weights as well");
    grade_mistake(
        g, nan_sunk(&nothing), "masked-nan",
        "everything masked, sink = -inf: -inf - -inf and 0/0 are NaN; all weights are "
        "0 by the contract");
    double given = 0;
    for (int j = 0; j < SCORES; j++) given += nothing.weights[j];
    grade_mistake(g, isfinite(given) && given != 0, "masked-shared-out",
                  "everything masked, sink = -inf: the weights sum to %.3g, and should "
                  "be 0 by the contract, all of them",
                  given);
    grade_mistake(g, near_sunk(&row, &zeros), "all-masked-zero",
                  "all scores masked, but not the sink: then the sink has all of the "
                  "weight, 1. It has none only where it is -inf itself");
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

// The place at which a score of 1000 among zeros is overlooked; -1: none.
static int overlooked(void) {
    for (int j = 0; j < SCORES; j++) {
        double scores[SCORES] = {0};
        scores[j] = 1000;
        Sunk one = run_sink(scores, 0);
        if (nan_sunk(&one)) return j;
    }
    return -1;
}

// All of it, the sink too, 1000 down or up: the same weights as without. A float has
// the shifted scores exactly.
static void expect_shifted(Grade *g) {
    static const double exact[SCORES] = {0.5, -1.25, 1.375, -0.25, 0.875, -2};
    double scores[SCORES];
    Sunk want = sunk(exact, 0.5), none = sunk(exact, -INFINITY);
    Sunk got[3], wants[3] = {want, none, want};
    static const struct {
        double by;
        bool sink;
        const char *what;
    } cases[] = {{-1000, true, "scores and sink near -1000"},
                 {-1000, false, "scores near -1000, sink = -inf"},
                 {1000, true, "scores and sink near 1000"}};
    for (int k = 0; k < 3; k++) {
        for (int j = 0; j < SCORES; j++) scores[j] = cases[k].by + exact[j];
        got[k] = run_sink(scores, cases[k].sink ? cases[k].by + 0.5 : -INFINITY);
        wants[k].sink = got[k].sink;  // is asked elsewhere
    }
    for (int k = 0; k < 2; k++) {
        double sum = 0;
        for (int j = 0; j < SCORES; j++) sum += got[k].weights[j];
        grade_mistake(
            g, !(sum > 0), "largest-from-zero",
            "%s: every e^ became 0. The largest is that of the scores and the "
            "sink: begin with one of them, not with 0",
            cases[k].what);
    }
    int wrong = 0;
    while (wrong < 2 && near_sunk(&got[wrong], &wants[wrong])) wrong++;
    expect_sunk(g, 3, cases[wrong].what, &got[wrong], &wants[wrong], sunk_tolerance());
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
    int place = overlooked();
    grade_mistake(
        g, place >= 0, "largest-of-some",
        "the largest score was not looked for among all: where score %d alone "
        "is large, its e^1000 overflows",
        place);
    // 1000.4 has a spacing of 2^-14 in float: that is a relative error of 2^-15 a
    // weight.
    if (!near_sunk(&low, &sink_only))
        expect_sunk(g, 3, "scores near -1000", &low, &sink_only, sunk_tolerance());
    else if (place >= 0 && !nan_sunk(&high))
        grade_expect(g, 3, false, "score %d is 1000, the others 0: not a number (NaN)",
                     place);
    else if (near_numbers(high.weights, high_want.weights, SCORES, 0x1p-13)
             && high.sink <= sunk_tolerance())
        expect_shifted(g);
    else expect_sunk(g, 3, "scores near 1000", &high, &high_want, 0x1p-13);
}

// The scores' gradient with an error in it.
typedef enum {
    BACK_RIGHT,
    BACK_NO_D,
    BACK_BARE,      // P dP - D
    BACK_DIAGONAL,  // P (1 - P) dP
    BACK_DIVIDED,   // D / (1 - the sink's weight)
    BACK_PLAIN_D,   // D is the sum of dP
    BACK_MEAN_D,    // its mean
    BACK_PLUS,      // P (dP + D)
    BACK_NO_P,      // dP - D
    BACK_SINK_D,    // D + the sink's weight, as if that were worth 1
    BACK_SQUARED,   // P^2 (dP - D)
    BACK_WEIGHT_D,  // D is the sum of P^2
    BACK_COUNTED,   // divided by n
    BACK_ADDED,     // dP + P (dP - D)
    BACK_D_FROM_1,  // D without its first term, without its last
    BACK_D_SHORT,
    BACK_D_OVER_N,   // D / n
    BACK_D_RUNNING,  // D so far
} BackRule;

// D of score j, as this rule has it.
static double back_d(BackRule rule, const Sunk *p, const double *dp, int j) {
    double d = 0;
    int first = rule == BACK_D_FROM_1, end = rule == BACK_D_RUNNING ? j + 1 : SCORES;
    if (rule == BACK_D_SHORT) end = SCORES - 1;
    for (int i = first; i < end; i++) d += p->weights[i] * dp[i];
    return rule == BACK_D_OVER_N ? d / SCORES : d;
}

static double back_by(BackRule rule, const Sunk *p, const double *dp, int j) {
    double d = back_d(rule, p, dp, j), sum = 0, squares = 0, w = p->weights[j];
    for (int i = 0; i < SCORES; i++) {
        sum += dp[i];
        squares += p->weights[i] * p->weights[i];
    }
    switch (rule) {
        case BACK_NO_D: return w * dp[j];
        case BACK_BARE: return w * dp[j] - d;
        case BACK_DIAGONAL: return w * (1 - w) * dp[j];
        case BACK_DIVIDED: return w * (dp[j] - d / (1 - p->sink));
        case BACK_PLAIN_D: return w * (dp[j] - sum);
        case BACK_MEAN_D: return w * (dp[j] - sum / SCORES);
        case BACK_PLUS: return w * (dp[j] + d);
        case BACK_NO_P: return dp[j] - d;
        case BACK_SINK_D: return w * (dp[j] - d - p->sink);
        case BACK_SQUARED: return w * w * (dp[j] - d);
        case BACK_WEIGHT_D: return w * (dp[j] - squares);
        case BACK_COUNTED: return w * (dp[j] - d) / SCORES;
        case BACK_ADDED: return dp[j] + w * (dp[j] - d);
        default: return w * (dp[j] - d);
    }
}

static const struct {
    BackRule rule;
    const char *code, *says;
} BACK_SLIPS[] = {
    {BACK_NO_D, "no-d",
     "these are P dP: each score lowers all other weights, so D = sum of P dP is "
     "subtracted"},
    {BACK_BARE, "d-not-weighed", "P dP - D: the weight multiplies both, P (dP - D)"},
    {BACK_DIAGONAL, "diagonal-only",
     "only the diagonal of the Jacobian: each score changes all weights, not its "
     "own "
     "alone"},
    {BACK_DIVIDED, "d-divided",
     "D was divided by the sum of the weights: that they do not sum to 1 changes "
     "nothing here"},
    {BACK_PLAIN_D, "d-of-gradients", "D is the sum of P dP, not of dP"},
    {BACK_MEAN_D, "d-of-gradients", "D is the sum of P dP, not the mean of dP"},
    {BACK_PLUS, "d-added", "D is subtracted: P (dP - D)"},
    {BACK_NO_P, "no-weight", "dP - D: the weight is missing, P (dP - D)"},
    {BACK_SINK_D, "sink-in-d",
     "the sink's weight is in D: its value is 0, so it adds nothing there"},
    {BACK_SQUARED, "weight-twice", "P is there twice: P (dP - D)"},
    {BACK_WEIGHT_D, "d-of-weights", "D is the sum of P dP, not of P^2"},
    {BACK_COUNTED, "divided-by-n", "divided by n: P (dP - D)"},
    {BACK_ADDED, "added-to-grad",
     "the weights' gradient is still in it: it becomes the scores', =, not +="},
    {BACK_D_FROM_1, "d-incomplete", "D misses its first term: j counts from 0"},
    {BACK_D_SHORT, "d-incomplete", "D misses its last term: j goes up to n - 1"},
    {BACK_D_OVER_N, "d-is-a-mean", "D is the sum of P dP, not divided by n"},
    {BACK_D_RUNNING, "d-so-far",
     "D was used before it was complete: it is a sum over all scores, so it takes a "
     "loop of its own"},
};

// -D times something else than the sink's weight.
static void recognise_sink_weight(Grade *g, const Sunk *p, double sink, double d,
                                  double tolerance) {
    const struct {
        double gradient;
        const char *says;
    } slips[] = {
        {-(1 - p->sink) * d,
         "the sink's gradient has the weight of the others, 1 - the sink's: "
         "its own, times -D"},
        {-p->sink * p->sink * d,
         "the sink's gradient has its weight twice: once, times "
         "-D"},
        {p->sink * (p->sink - d),
         "the sink's gradient has its weight in the bracket "
         "too: the loss does not see it, so 0 - D"},
    };
    for (size_t i = 0; i < sizeof slips / sizeof *slips; i++)
        grade_mistake(g, fabs(sink - slips[i].gradient) <= tolerance,
                      "sink-other-weight", "%s", slips[i].says);
    grade_mistake(g, fabs(sink + d) <= tolerance, "sink-not-weighed",
                  "the sink's gradient is -D: its weight is missing");
    grade_mistake(
        g, fabs(sink + p->sink * (1 - p->sink) * d) <= tolerance, "sink-weight-twice",
        "the sink's gradient is its weight times -D: 1 - weight is one factor too "
        "many");
}

// d: the sum of P dP.
static void recognise_sink_grad(Grade *g, const Sunk *p, const double *dp, double sink,
                                double d, double tolerance) {
    double late = 0, plain = 0, others = 1 - p->sink;
    for (int j = 0; j < SCORES; j++) {
        late += p->weights[j] * p->weights[j] * (dp[j] - d);
        plain += dp[j];
    }
    grade_mistake(g, fabs(fabs(sink) - fabs(p->sink * late)) <= tolerance, "d-too-late",
                  "the sink's gradient has a D that was summed up when grad held the "
                  "scores' gradient already: D is the sum of P dP");
    grade_mistake(g, fabs(fabs(sink) - fabs(p->sink * plain)) <= tolerance,
                  "sink-d-of-gradients",
                  "the sink's gradient: D is the sum of P dP, not of dP");
    grade_mistake(g, fabs(fabs(sink) - p->sink * others) <= tolerance && d != 1,
                  "sink-own-slope",
                  "this is how the sink's own weight, or the sum of the others, "
                  "changes: what the loss says of each of them, grad, is not in it");
    grade_mistake(g, sink == 0, "sink-gradient-zero",
                  "the sink's gradient is 0: its value is 0, but its score lowers all "
                  "weights that do count");
    grade_mistake(g, fabs(sink - p->sink * d) <= tolerance, "sink-gradient-sign",
                  "the sink's gradient has the wrong sign");
    grade_mistake(
        g, fabs(sink - p->sink * (1 - d)) <= tolerance, "sink-worth-one",
        "the sink is worth 0 to the loss, not 1: its score's gradient is its weight "
        "times 0 - D");
    recognise_sink_weight(g, p, sink, d, tolerance);
    grade_mistake(g, fabs(sink + p->sink * d / (1 - p->sink)) <= tolerance,
                  "sink-divided",
                  "D was divided by the sum of the weights: that they do not sum to 1 "
                  "changes nothing here");
}

// Whether backward is right for these weights: the sink's gradient, or the scores'.
static bool back_right(const double *scores, double sink, const double *dp,
                       bool of_sink) {
    Sunk p = sunk(scores, sink);
    real grad[SCORES], weights[SCORES];
    double d = 0, tolerance = rounding(SCORES, 2);
    for (int j = 0; j < SCORES; j++) {
        d += p.weights[j] * dp[j];
        grad[j] = (real)dp[j], weights[j] = (real)p.weights[j];
    }
    double got = sink_softmax_backward(grad, weights, SCORES, (real)p.sink);
    bool right = true;
    for (int j = 0; j < SCORES; j++)
        right = right && fabs(grad[j] - back_by(BACK_RIGHT, &p, dp, j)) <= tolerance;
    return of_sink ? fabs(got + p.sink * d) <= tolerance : right;
}

// The simpler case in which it is right.
static void contrast_back(Grade *g, bool right, const double *dp, bool of_sink) {
    static const double equal[SCORES] = {0}, same[SCORES] = {1, 1, 1, 1, 1, 1};
    if (right) return;
    if (!of_sink)
        grade_contrast(g, back_right(MODERATE, -INFINITY, dp, false), "only-no-sink",
                       "right where the sink has no weight, as for the chapter's "
                       "softmax: what did the sink's weight change in P (dP - D)?");
    grade_contrast(g, back_right(MODERATE, 0.5, same, of_sink), "only-equal-gradients",
                   "right where the loss has one gradient for all weights: is each "
                   "weight multiplied with its own in D?");
    grade_contrast(g, back_right(equal, 0.5, dp, of_sink), "only-equal-weights",
                   "right where all weights are equal: which weight stands where in "
                   "P (dP - D), and in D?");
}

static void check_sink_backward(Grade *g) {
    static const double dp[SCORES] = {0.7, -1.1, 0.2, 1.9, -0.6, 0.5};
    Sunk p = sunk(MODERATE, 0.5);
    double d = 0, want[SCORES], slip[SCORES], got[SCORES];
    real grad[SCORES], weights[SCORES];
    for (int j = 0; j < SCORES; j++) {
        d += p.weights[j] * dp[j];
        grad[j] = (real)dp[j], weights[j] = (real)p.weights[j];
        want[j] = back_by(BACK_RIGHT, &p, dp, j);
    }
    double sink = sink_softmax_backward(grad, weights, SCORES, (real)p.sink),
           tolerance = rounding(SCORES, 2);
    for (int j = 0; j < SCORES; j++) got[j] = grad[j];
    for (size_t i = 0; i < sizeof BACK_SLIPS / sizeof *BACK_SLIPS; i++) {
        for (int j = 0; j < SCORES; j++)
            slip[j] = back_by(BACK_SLIPS[i].rule, &p, dp, j);
        grade_mistake(g, near_numbers(got, slip, SCORES, tolerance), BACK_SLIPS[i].code,
                      "%s", BACK_SLIPS[i].says);
    }
    Table want_row = table_new(1, SCORES);
    memcpy(want_row.at, want, sizeof want);
    bool right =
        grade_near_mat(g, 3, "backward: the scores' gradient",
                       mat_view(grad, 1, SCORES), mat_of(want_row, 0), tolerance);
    contrast_back(g, right, dp, false);
    recognise_sink_grad(g, &p, dp, sink, d, tolerance);
    right = grade_near(g, 2, "backward: the gradient with respect to the sink", sink,
                       -p.sink * d, tolerance);
    contrast_back(g, right, dp, true);
    grade_contrast(
        g, !right && near_numbers(got, want, SCORES, tolerance), "only-scores",
        "right where it is a score's gradient, and D with it: the sink's is its "
        "weight times 0 - D, with the same D");
}

void check_sink(Grade *g) {
    grade_part(g, check_sink_forward(g));
    grade_part(g, check_sink_large(g));
    grade_part(g, check_sink_masked(g));
    grade_part(g, check_sink_backward(g));
}
