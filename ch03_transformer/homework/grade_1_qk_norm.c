// Problem 1: QK-norm.
#include <math.h>

#include "ch03_transformer/arithmetic.h"
#include "ch03_transformer/homework/grade.h"

enum { ROWS = 5, HEADS = 3, DIM = 8, WIDE = HEADS * DIM };
static const double EPSILON = 0.01;  // large enough to be missed

typedef enum {
    QK_RIGHT,
    QK_WHOLE_ROW,  // one mean for all heads
    QK_LENGTH,     // x / |x|
    QK_NO_EPSILON,
    QK_EPSILON_OUTSIDE,  // added to the root
    QK_SUM,              // backward: sum(y g) for mean(y g)
    QK_HALF_GAIN,        // backward: the gain in the mean only
    QK_FROM_X,           // the gain's gradient: x dout for y dout
    QK_CONSTANT,         // backward: s does not depend on x
    QK_NO_GAIN,          // backward: the gain missing from dx
    QK_LAST,             // the gain's gradient: the last token and head only
    QK_MEAN,             // the mean over heads
    QK_MEAN_NO_GAIN,     // backward: the gain missing in the mean alone
    QK_X_FOR_Y,          // backward: x mean(y g) for y
    QK_BOTH_X,           // backward: x mean(x g)
    QK_NO_SCALE,         // backward: 1 / s missing in front
    QK_SQUARED,          // backward: 1 / s^2
    QK_PLUS,             // backward: + y mean(y g)
    QK_NO_Y,             // backward: mean(y g) without y
    QK_GAIN_OF_GAIN,     // the gain's gradient: with the gain
    QK_GAIN_OUT,         // the gain's gradient: the sum of dout
    QK_OVER_ROWS,        // the gain's gradient: the mean over rows
    QK_OVER_ALL,         // the gain's gradient: the mean over rows and heads
    QK_CENTRED,          // forward: the mean is subtracted
    QK_NO_ROOT,          // forward: divided by the mean square
    QK_MAXIMUM,          // forward: divided by the largest
    QK_GAIN_ADDED,       // forward
    QK_ONE_PLUS,         // forward: 1 + gain
    QK_OVER_TOKENS,      // forward: the mean over all tokens
    QK_SO_FAR,           // forward: the sum of the heads so far
    QK_SO_FAR_ROW,       // forward: of the row's heads so far
    QK_DIVIDED,          // forward: epsilon divided by d, too
    QK_OVER_WIDE,        // forward: one head's squares, divided by all columns
    QK_OVER_HEADS,       // forward: divided by the number of heads
    QK_STRIDED,          // forward: the columns head, head + H, ... for the squares
    QK_MEAN_KEPT,        // backward: the mean of the heads so far
    QK_MEAN_ROW,         // backward: of the row's heads so far
    QK_MEAN_WIDE,        // backward: the mean divided by all columns
    QK_TIMES_S,          // backward: times s in front
    QK_CUBED,            // backward: 1 / s^3
    QK_NAKED,            // backward: s without epsilon
    QK_TURNED,           // backward: s for 1 / s
    QK_VALUE_FOR_Y,      // backward: gain y mean(y g)
    QK_GAIN_TWICE,       // backward: mean(gain y g)
    QK_FIRST_HEAD,       // the gain's gradient: the first head only
    QK_LAST_HEAD,        // the last head only
    QK_FIRST_TOKEN,      // the first token only
    QK_LAST_TOKEN,       // the last token only
} QkRule;

static double mean_of(Mat x, int i, int head) {
    double sum = 0;
    for (int c = 0; c < DIM; c++) sum += at(x, i, head * DIM + c);
    return sum / DIM;
}

// s^2 where sums go over too much.
static double square_by(Mat x, int i, int head, QkRule rule) {
    double sum = 0;
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < WIDE; c++) {
            int h = c / DIM;
            bool before = r < i || (r == i && h <= head),
                 counts = rule == QK_OVER_TOKENS  ? h == head
                          : rule == QK_SO_FAR     ? before
                          : rule == QK_SO_FAR_ROW ? before && r == i
                          : rule == QK_STRIDED    ? r == i && c % HEADS == head
                                                  : r == i && h == head;
            if (counts) sum += at(x, r, c) * at(x, r, c);
        }
    if (rule == QK_DIVIDED) return (sum + EPSILON) / DIM;
    int terms = rule == QK_OVER_TOKENS  ? DIM * ROWS
                : rule == QK_OVER_WIDE  ? WIDE
                : rule == QK_OVER_HEADS ? HEADS
                                        : DIM;
    return sum / terms + EPSILON;
}

static double inverse_of(Mat x, int i, int head, QkRule rule) {
    bool outside = rule == QK_EPSILON_OUTSIDE;
    double sum = 0, most = 0, epsilon = rule == QK_NO_EPSILON || outside ? 0 : EPSILON,
           mean = rule == QK_CENTRED ? mean_of(x, i, head) : 0;
    bool whole = rule == QK_WHOLE_ROW;
    if (rule >= QK_OVER_TOKENS) return 1 / sqrt(square_by(x, i, head, rule));
    for (int c = 0; c < WIDE; c++) {
        double off = at(x, i, c) - mean;
        sum += whole || c / DIM == head ? off * off : 0;
        if (c / DIM == head) most = fmax(most, fabs(off));
    }
    if (rule == QK_MAXIMUM) return 1 / most;
    double square = sum / (rule == QK_LENGTH ? 1 : whole ? WIDE : DIM) + epsilon;
    return 1 / ((rule == QK_NO_ROOT ? square : sqrt(square)) + (outside ? EPSILON : 0));
}

static Mat qk_value(Mat x, Mat gain, QkRule rule) {
    Mat out = mat_new(ROWS, WIDE);
    for (int i = 0; i < ROWS; i++)
        for (int c = 0; c < WIDE; c++) {
            double mean = rule == QK_CENTRED ? mean_of(x, i, c / DIM) : 0,
                   y = (at(x, i, c) - mean) * inverse_of(x, i, c / DIM, rule),
                   g = at(gain, 0, c % DIM);
            if (rule == QK_ONE_PLUS) g++;
            *mat_at(out, i, c) = (real)(rule == QK_GAIN_ADDED ? g + y : g * y);
        }
    return out;
}

typedef struct {
    Mat x, gain;
} QkGrad;

// Whether token i's head adds to the gain's gradient.
static bool gain_counts(QkRule rule, int i, int head) {
    if (rule == QK_FIRST_HEAD) return head == 0;
    if (rule == QK_LAST_HEAD) return head == HEADS - 1;
    if (rule == QK_FIRST_TOKEN) return i == 0;
    return rule != QK_LAST_TOKEN || i == ROWS - 1;
}

// What one head's channel adds to the gain's gradient; yd = y dout.
static double gain_share(QkRule rule, double yd, double r, double out_grad,
                         double gain) {
    switch (rule) {
        case QK_MEAN: return yd / HEADS;
        case QK_OVER_ROWS: return yd / ROWS;
        case QK_OVER_ALL: return yd / ROWS / HEADS;
        case QK_FROM_X: return yd / r;
        case QK_GAIN_OF_GAIN: return yd * gain;
        case QK_GAIN_OUT: return out_grad;
        default: return yd;
    }
}

// What is subtracted from g in x's gradient; mean(y g) and y.
static double taken_by(QkRule rule, double mean, double y, double r) {
    switch (rule) {
        case QK_CONSTANT: return 0;
        case QK_SUM: return DIM * y * mean;
        case QK_X_FOR_Y: return y / r * mean;
        case QK_BOTH_X: return y / r * mean / r;
        case QK_PLUS: return -y * mean;
        case QK_NO_Y: return mean;
        default: return y * mean;
    }
}

// What stands in front of x's gradient, 1 / s; r is that.
static double front_of(QkRule rule, double r) {
    switch (rule) {
        case QK_NO_SCALE: return 1;
        case QK_SQUARED: return r * r;
        case QK_CUBED: return r * r * r;
        case QK_TIMES_S: return 1 / r;
        default: return r;
    }
}

// *kept: the mean of the head before.
static void head_reference(Table dx, Table dgain, Mat x, Mat gain, Mat out_grad, int i,
                           int head, QkRule rule, double *kept) {
    bool keeps = rule == QK_MEAN_KEPT || (rule == QK_MEAN_ROW && head > 0);
    double r = inverse_of(x, i, head, rule == QK_NAKED ? QK_NO_EPSILON : QK_RIGHT);
    if (rule == QK_TURNED) r = 1 / r;
    double mean = keeps ? *kept : 0;
    bool outer_gain = rule != QK_NO_GAIN && rule != QK_HALF_GAIN,
         inner_gain = rule != QK_NO_GAIN && rule != QK_MEAN_NO_GAIN;
    double front = front_of(rule, r), terms = rule == QK_MEAN_WIDE ? WIDE : DIM;
    for (int c = 0; c < DIM; c++) {
        double out = at(out_grad, i, head * DIM + c), g = at(gain, 0, c),
               yd = at(x, i, head * DIM + c) * r * out;
        if (gain_counts(rule, i, head))
            dgain.at[c] =
                (rule == QK_LAST ? 0 : dgain.at[c]) + gain_share(rule, yd, r, out, g);
        mean += yd * (inner_gain ? g : 1) * (rule == QK_GAIN_TWICE ? g : 1) / terms;
    }
    *kept = mean;
    for (int c = 0; c < DIM; c++) {
        double g = at(out_grad, i, head * DIM + c) * (outer_gain ? at(gain, 0, c) : 1),
               y = at(x, i, head * DIM + c) * r;
        if (rule == QK_VALUE_FOR_Y) y *= at(gain, 0, c);
        dx.at[i * WIDE + head * DIM + c] = front * (g - taken_by(rule, mean, y, r));
    }
}

static QkGrad qk_grad(Mat x, Mat gain, Mat out_grad, QkRule rule) {
    Table dx = table_new(ROWS, WIDE), dgain = table_new(1, DIM);
    double kept = 0;
    for (int i = 0; i < ROWS; i++)
        for (int head = 0; head < HEADS; head++)
            head_reference(dx, dgain, x, gain, out_grad, i, head, rule, &kept);
    return (QkGrad){mat_of(dx, 0), mat_of(dgain, 0)};
}

// A number times its gain, times 1 / s: no cancelling.
static double value_tolerance(Mat want) { return rounding(DIM, largest(want)); }
// dx: two terms of the size of 1/s |gain dout|, and the mean of d such; 1/s < 10.
// dgain: a sum over rows and heads.
static double x_tolerance(Mat gain, Mat out_grad) {
    return rounding(2 * DIM,
                    10 * 2 * largest(gain) * longest_row(out_grad) * sqrt(DIM));
}
static double gain_tolerance(Mat out_grad) {
    return rounding(ROWS * HEADS + DIM, ROWS * longest_row(out_grad) * sqrt(DIM));
}

// One number of the gain for all columns of a head.
static Mat gain_of_head(Mat x, Mat gain) {
    Mat out = qk_value(x, filled(1, DIM, 1), QK_RIGHT);
    for (int i = 0; i < ROWS; i++)
        for (int c = 0; c < WIDE; c++) *mat_at(out, i, c) *= *mat_at(gain, 0, c / DIM);
    return out;
}

static const struct {
    QkRule rule;
    const char *code, *says;
} FORWARD_SLIPS[] = {
    {QK_WHOLE_ROW, "whole-row",
     "one mean for the whole row: each head is normalised by itself, over its own "
     "d "
     "columns"},
    {QK_LENGTH, "length",
     "divided by the length, not by the root of the mean square: sqrt(d) too "
     "small"},
    {QK_NO_EPSILON, "no-epsilon", "epsilon is missing"},
    {QK_EPSILON_OUTSIDE, "epsilon-outside",
     "epsilon was added to the root: it belongs under it, to the mean square"},
    {QK_CENTRED, "centred",
     "the mean was subtracted, as LayerNorm does: here it stays"},
    {QK_NO_ROOT, "no-root", "divided by the mean square: by its root"},
    {QK_MAXIMUM, "largest", "divided by the largest number: by the root mean square"},
    {QK_ONE_PLUS, "one-plus-gain",
     "multiplied by 1 + gain, as some models do: by gain"},
    {QK_GAIN_ADDED, "gain-added", "the gain was added: it multiplies"},
    {QK_OVER_TOKENS, "over-tokens",
     "the mean went over all tokens: each head of each token has its own"},
    {QK_SO_FAR, "squares-kept",
     "the squares of the heads before are still in the sum: it begins with 0 for "
     "each "
     "head of each token"},
    {QK_SO_FAR_ROW, "squares-kept",
     "the squares of the heads before are still in the sum: it begins with 0 for "
     "each "
     "head of each token"},
    {QK_DIVIDED, "epsilon-divided",
     "epsilon was divided by d: it is added to the mean"},
    {QK_OVER_WIDE, "over-all-columns",
     "one head's squares were divided by all H d columns: the mean is over d"},
    {QK_OVER_HEADS, "over-heads",
     "one head's squares were divided by the number of heads: the mean is over d"},
    {QK_STRIDED, "strided",
     "a head's d columns lie side by side, from h d on: here every H-th one was "
     "taken"},
};

static void recognise_forward(Grade *g, Mat x, Mat gain, Mat got, double tolerance) {
    grade_mistake(g, near_mat(got, qk_value(x, filled(1, DIM, 1), QK_RIGHT), tolerance),
                  "gain-not-used", "forward: the gain is missing");
    grade_mistake(g, near_mat(got, gain_of_head(x, gain), tolerance), "gain-of-head",
                  "forward: the gain's index is the head: each of a head's d columns "
                  "has its own gain, and all heads have the same ones");
    for (size_t i = 0; i < sizeof FORWARD_SLIPS / sizeof *FORWARD_SLIPS; i++)
        grade_mistake(
            g, near_mat(got, qk_value(x, gain, FORWARD_SLIPS[i].rule), tolerance),
            FORWARD_SLIPS[i].code, "%s", FORWARD_SLIPS[i].says);
    Mat want = qk_value(x, gain, QK_RIGHT);
    bool first = near_mat(mat_rows(got, 0, 1), mat_rows(want, 0, 1), tolerance),
         others = near_mat(mat_rows(got, 1, ROWS - 1), mat_rows(want, 1, ROWS - 1),
                           tolerance);
    grade_mistake(g, first && !others && largest(mat_rows(got, ROWS - 1, 1)) == 0,
                  "first-token",
                  "forward: the first token alone was done: x has a row for each");
}

// ---- simpler cases

typedef enum { COMPARE_VALUE, COMPARE_X, COMPARE_GAIN } Compared;
typedef enum { ONE_GAIN, POSITIVE_GAIN, ONE_SIZE, ONE_HEAD, ONE_TOKEN } Simpler;

static QkGrad run_backward(Mat x, Mat gain, Mat out_grad);

static Mat sizes_of(Mat m) {
    Mat sizes = copied(m);
    for (int c = 0; c < m.cols; c++) *mat_at(sizes, 0, c) = (real)fabs(at(m, 0, c));
    return sizes;
}

// The same numbers, but all heads of all tokens have one root mean square.
static Mat of_one_size(Mat x, double size) {
    Mat even = mat_new(ROWS, WIDE);
    for (int i = 0; i < ROWS; i++)
        for (int c = 0; c < WIDE; c++)
            *mat_at(even, i, c) =
                (real)(size * at(x, i, c) * inverse_of(x, i, c / DIM, QK_NO_EPSILON));
    return even;
}

static Mat corner(Mat m, int rows, int cols) {
    return copied(mat_cols(mat_rows(m, 0, rows), 0, cols));
}

// Whether a part of the result is right in a simpler case. What is left out of x has no
// gradient from above.
static bool simpler_right(Simpler what, Compared part, Mat x, Mat gain, Mat out_grad) {
    int rows = what == ONE_TOKEN ? 1 : ROWS, cols = what == ONE_HEAD ? DIM : WIDE;
    if (what == ONE_GAIN) gain = filled(1, DIM, 1);
    if (what == POSITIVE_GAIN) gain = sizes_of(gain);
    if (what == ONE_SIZE) x = of_one_size(x, sqrt(1 - EPSILON));
    Mat small = corner(x, rows, cols), above = mat_new(ROWS, WIDE);
    if (part == COMPARE_VALUE) {
        Mat want = corner(qk_value(x, gain, QK_RIGHT), rows, cols);
        Tape *t = tape_new(NULL);
        Mat got =
            copied(qk_norm(t, variable_node(t, small), variable_node(t, gain), EPSILON)
                       ->value);
        tape_free(t);
        return near_mat(got, want, value_tolerance(want));
    }
    mat_copy(mat_cols(mat_rows(above, 0, rows), 0, cols), corner(out_grad, rows, cols));
    QkGrad got = run_backward(small, gain, corner(out_grad, rows, cols)),
           want = qk_grad(x, gain, above, QK_RIGHT);
    if (part == COMPARE_GAIN)
        return near_mat(got.gain, want.gain, gain_tolerance(out_grad));
    return near_mat(got.x, corner(want.x, rows, cols), x_tolerance(gain, out_grad));
}

// After a step that failed.
static void contrast(Grade *g, Compared part, Mat x, Mat gain, Mat out_grad) {
    static const struct {
        Simpler what;
        const char *code, *says;
    } cases[] = {
        {POSITIVE_GAIN, "only-positive",
         "right where every gain is positive: what becomes of a sign?"},
        {ONE_GAIN, "only-gain-1",
         "right where the gain is 1 everywhere: where does the gain come in, and which "
         "column's?"},
        {ONE_SIZE, "only-s-1",
         "right where every head's s is 1: where is something divided by s, and how "
         "often?"},
        {ONE_HEAD, "only-one-head",
         "right where a row has one head: where does the next one begin, and what must "
         "begin anew with it?"},
        {ONE_TOKEN, "only-one-token",
         "right where x has one token: where does the next row begin, and what must "
         "begin anew with it?"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        grade_contrast(g, simpler_right(cases[i].what, part, x, gain, out_grad),
                       cases[i].code, "%s", cases[i].says);
}

static void check_forward(Grade *g, Mat x, Mat gain) {
    Tape *t = tape_new(NULL);
    Node *x_node = variable_node(t, input_mat("x", x)),
         *gain_node = variable_node(t, input_mat("gain", gain));
    Mat got = copied(qk_norm(t, x_node, gain_node, EPSILON)->value);
    Mat want = qk_value(x, gain, QK_RIGHT);
    double tolerance = value_tolerance(want);
    recognise_forward(g, x, gain, got, tolerance);
    if (!grade_near_mat(g, 3, "forward", got, want, tolerance))
        contrast(g, COMPARE_VALUE, x, gain, x);
    tape_free(t);
}

static QkGrad run_backward(Mat x, Mat gain, Mat out_grad) {
    Tape *t = tape_new(NULL);
    Node *x_node = variable_node(t, input_mat("x", x)),
         *gain_node = variable_node(t, input_mat("gain", gain));
    tape_backward_from(t, qk_norm(t, x_node, gain_node, EPSILON), out_grad);
    QkGrad got = {copied(x_node->grad), copied(gain_node->grad)};
    tape_free(t);
    return got;
}

// Wrong as soon as two heads, or two tokens, have different s: what one of them has was
// taken for another.
static void recognise_s(Grade *g, Mat x, Mat gain, Mat out_grad, const QkGrad *got) {
    QkGrad want = qk_grad(x, gain, out_grad, QK_RIGHT);
    double dx = x_tolerance(gain, out_grad), dgain = gain_tolerance(out_grad);
    if (near_mat(got->x, want.x, dx) && near_mat(got->gain, want.gain, dgain)) return;
    Mat even = of_one_size(x, 2);
    QkGrad even_got = run_backward(even, gain, out_grad),
           even_want = qk_grad(even, gain, out_grad, QK_RIGHT);
    grade_mistake(
        g,
        near_mat(even_got.x, even_want.x, dx)
            && near_mat(even_got.gain, even_want.gain, dgain),
        "another-s",
        "backward is right where all heads and tokens have one s: each head of "
        "each token has its own, rows x H numbers to keep, and here another's "
        "was taken");
}

static const struct {
    QkRule rule;
    const char *code, *says;
} X_SLIPS[] = {
    {QK_MEAN_NO_GAIN, "mean-no-gain",
     "the gain is missing in mean(y g): g = gain dout there too"},
    {QK_X_FOR_Y, "x-for-y",
     "y mean(y g) is subtracted, y = x / s: here x was taken for y"},
    {QK_BOTH_X, "x-for-y",
     "y mean(y g) is subtracted, y = x / s: here x was taken for y"},
    {QK_NO_SCALE, "no-inverse", "1 / s is missing in front: (g - y mean(y g)) / s"},
    {QK_SQUARED, "inverse-squared", "divided by s twice: (g - y mean(y g)) / s"},
    {QK_CUBED, "inverse-cubed", "divided by s three times: (g - y mean(y g)) / s"},
    {QK_TIMES_S, "times-s",
     "multiplied by s in front: (g - y mean(y g)) is divided by it"},
    {QK_MEAN_WIDE, "mean-over-row",
     "mean(y g) was divided by all H d columns: it is over one head's d"},
    {QK_NAKED, "s-without-epsilon",
     "backward's s has no epsilon: it is the s of the forward pass, which is there "
     "to be kept"},
    {QK_TURNED, "s-for-inverse",
     "backward multiplies by s where it divides by it: was s kept, and taken for 1 "
     "/ s?"},
    {QK_VALUE_FOR_Y, "value-for-y",
     "y mean(y g) is subtracted: here the result, gain y, was taken for y"},
    {QK_GAIN_TWICE, "gain-twice",
     "the gain is in mean(y g) twice: y is without it, g = gain dout has it"},
    {QK_PLUS, "mean-added", "y mean(y g) is subtracted, not added"},
    {QK_MEAN_KEPT, "mean-kept",
     "mean(y g) still has that of the heads before: it begins with 0 for each head "
     "of "
     "each token"},
    {QK_MEAN_ROW, "mean-kept",
     "mean(y g) still has that of the heads before: it begins with 0 for each head "
     "of "
     "each token"},
    {QK_NO_Y, "mean-without-y",
     "mean(y g) is multiplied by y: y mean(y g) is subtracted"},
};

static void recognise_x_grad(Grade *g, Mat x, Mat gain, Mat out_grad, Mat got) {
    double dx = x_tolerance(gain, out_grad);
    for (size_t i = 0; i < sizeof X_SLIPS / sizeof *X_SLIPS; i++)
        grade_mistake(g,
                      near_mat(got, qk_grad(x, gain, out_grad, X_SLIPS[i].rule).x, dx),
                      X_SLIPS[i].code, "%s", X_SLIPS[i].says);
}

static void check_x_grad(Grade *g, Mat x, Mat gain, Mat out_grad) {
    QkGrad want = qk_grad(x, gain, out_grad, QK_RIGHT),
           got = run_backward(x, gain, out_grad);
    double dx = x_tolerance(gain, out_grad);
    grade_mistake(g, near_mat(got.x, qk_grad(x, gain, out_grad, QK_CONSTANT).x, dx),
                  "s-constant",
                  "s was taken for a constant: each number of the head changes it, so "
                  "y mean(y g) is subtracted");
    bool half = near_mat(got.x, qk_grad(x, gain, out_grad, QK_HALF_GAIN).x, dx);
    grade_mistake(
        g, near_mat(got.x, qk_grad(x, gain, out_grad, QK_SUM).x, dx), "sum-not-mean",
        "x's gradient has the sum of y g: it is the mean, since s is the root of "
        "a mean square");
    grade_mistake(
        g, half || near_mat(got.x, qk_grad(x, gain, out_grad, QK_NO_GAIN).x, dx),
        "no-gain",
        "x's gradient without the gain: g = gain dout, inside the mean and outside");
    recognise_x_grad(g, x, gain, out_grad, got.x);
    Tape *t = tape_new(NULL);
    Node *again = qk_norm(t, variable_node(t, x), variable_node(t, gain), EPSILON);
    Mat forward = qk_value(x, gain, QK_RIGHT);
    if (near_mat(again->value, forward, value_tolerance(forward)))
        recognise_s(g, x, gain, out_grad, &got);
    tape_free(t);
    if (!grade_near_mat(g, 4, "x's gradient", got.x, want.x, dx))
        contrast(g, COMPARE_X, x, gain, out_grad);
}

#define ALL_SHARE(one) \
    "the gain has the gradient of the " one \
    " only: all heads of all tokens share it, " \
    "sum over them"

static const struct {
    QkRule rule;
    const char *code, *says;
} GAIN_SLIPS[] = {
    {QK_GAIN_OF_GAIN, "gain-of-gain",
     "the gain's gradient has the gain in it: it is the sum of y dout"},
    {QK_GAIN_OUT, "gain-no-y",
     "the gain's gradient is the sum of y dout: y is missing"},
    {QK_OVER_ROWS, "gain-mean",
     "the gain's gradient is a mean over rows: it is the sum"},
    {QK_OVER_ALL, "gain-mean",
     "the gain's gradient is a mean over rows and heads: it is the sum"},
    {QK_FIRST_HEAD, "gain-one-head", ALL_SHARE("first head")},
    {QK_LAST_HEAD, "gain-one-head", ALL_SHARE("last head")},
    {QK_FIRST_TOKEN, "gain-one-token", ALL_SHARE("first token")},
    {QK_LAST_TOKEN, "gain-one-token", ALL_SHARE("last token")},
};

static void check_gain_grad(Grade *g, Mat x, Mat gain, Mat out_grad) {
    QkGrad want = qk_grad(x, gain, out_grad, QK_RIGHT),
           got = run_backward(x, gain, out_grad);
    double dgain = gain_tolerance(out_grad);
    grade_mistake(g,
                  near_mat(got.gain, qk_grad(x, gain, out_grad, QK_LAST).gain, dgain),
                  "gain-last",
                  "the gain has the gradient of the last head of the last token: all "
                  "share it, sum over them");
    grade_mistake(g,
                  near_mat(got.gain, qk_grad(x, gain, out_grad, QK_MEAN).gain, dgain),
                  "gain-mean",
                  "the gain's gradient is the mean over heads: each head pulls with "
                  "its full gradient, it is the sum");
    grade_mistake(
        g, near_mat(got.gain, qk_grad(x, gain, out_grad, QK_FROM_X).gain, dgain),
        "gain-from-x",
        "the gain's gradient is the sum of y dout: here x was not divided by s");
    for (size_t i = 0; i < sizeof GAIN_SLIPS / sizeof *GAIN_SLIPS; i++)
        grade_mistake(
            g,
            near_mat(got.gain, qk_grad(x, gain, out_grad, GAIN_SLIPS[i].rule).gain,
                     dgain),
            GAIN_SLIPS[i].code, "%s", GAIN_SLIPS[i].says);
    if (!grade_near_mat(g, 2, "the gain's gradient", got.gain, want.gain, dgain))
        contrast(g, COMPARE_GAIN, x, gain, out_grad);
}

// Of one call alone, whose x goes on beside its norm.
static bool once_right(Mat x, Mat gain, Mat out_grad) {
    Tape *t = tape_new(NULL);
    Node *x_node = variable_node(t, x), *gain_node = variable_node(t, gain);
    tape_backward_from(t, add(t, qk_norm(t, x_node, gain_node, EPSILON), x_node),
                       out_grad);
    QkGrad want = qk_grad(x, gain, out_grad, QK_RIGHT);
    mat_add_scaled(want.x, 1, out_grad);
    bool right = near_mat(x_node->grad, want.x, 2 * x_tolerance(gain, out_grad))
                 && near_mat(gain_node->grad, want.gain, gain_tolerance(out_grad));
    tape_free(t);
    return right;
}

// The same gain for queries and keys, and x goes on beside its norm: gradients meet.
static void check_twice(Grade *g, Mat x, Mat other, Mat gain, Mat out_grad) {
    Tape *t = tape_new(NULL);
    Node *x_node = variable_node(t, x), *gain_node = variable_node(t, gain);
    Node *q = qk_norm(t, x_node, gain_node, EPSILON),
         *k = qk_norm(t, variable_node(t, other), gain_node, EPSILON);
    tape_backward_from(t, add(t, add(t, q, k), x_node), out_grad);
    QkGrad a = qk_grad(x, gain, out_grad, QK_RIGHT),
           b = qk_grad(other, gain, out_grad, QK_RIGHT);
    double tolerance = 2 * (x_tolerance(gain, out_grad) + gain_tolerance(out_grad));
    Mat dx = copied(x_node->grad), dgain = copied(gain_node->grad);
    grade_mistake(g, near_mat(dx, a.x, tolerance) || near_mat(dgain, a.gain, tolerance),
                  "assigns",
                  "an input that is used twice kept one gradient: pull adds to what is "
                  "there, see grad_write's *add");
    mat_add_scaled(a.x, 1, out_grad), mat_add_scaled(a.gain, 1, b.gain);
    if (!near_mat(dx, a.x, tolerance))
        grade_near_mat(g, 2, "used twice: x's gradient", dx, a.x, tolerance);
    else
        grade_near_mat(g, 2, "used twice: the gain's gradient", dgain, a.gain,
                       tolerance);
    tape_free(t);
    if (!near_mat(dx, a.x, tolerance) || !near_mat(dgain, a.gain, tolerance))
        grade_contrast(g, once_right(x, gain, out_grad), "only-one-call",
                       "right where qk_norm is called once on a tape, wrong where "
                       "twice: what of the first call does the second overwrite? What "
                       "backward needs belongs to its node (tape_allocate, tape_mat), "
                       "not to a static variable");
}

static double bound_of(Mat q, Mat k, double scale) {
    return qk_score_bound(input_mat("q_gain", q), input_mat("k_gain", k), scale);
}

// The largest size of a number, and the sums of products, of their sizes and squares.
typedef struct {
    double size_q, size_k, product, positive, sum, sizes, squares;
} Gains;

static Gains gains_of(Mat q, Mat k) {
    Gains a = {0};
    for (int c = 0; c < q.cols; c++) {
        double both = at(q, 0, c) * at(k, 0, c);
        a.size_q = fmax(a.size_q, fabs(at(q, 0, c)));
        a.size_k = fmax(a.size_k, fabs(at(k, 0, c)));
        a.product = fmax(a.product, fabs(both)), a.positive = fmax(a.positive, both);
        a.sum += both, a.sizes += fabs(both), a.squares += both * both;
    }
    return a;
}

typedef enum {
    BOUND_LENGTHS,      // |q_gain| |k_gain|
    BOUND_ONES,         // the sum of sizes of products
    BOUND_SIGNED,       // the sum of products
    BOUND_SIGNED_D,     // d times that
    BOUND_WIDE,         // d times the largest of both
    BOUND_WIDE_NO_D,    // the largest of both
    BOUND_NO_D,         // the largest product
    BOUND_NO_SCALE,     // right but for the scale
    BOUND_POSITIVE,     // the largest product that is above 0
    BOUND_ROOT_D,       // sqrt(d) for d
    BOUND_D_SQUARED,    // d^2 for d
    BOUND_BY_SCALE,     // divided by the scale
    BOUND_ALL,          // d times the sum of sizes
    BOUND_ALL_LENGTHS,  // d |q_gain| |k_gain|
    BOUND_ALL_SQUARES,  // d times the root of the sum of squares
    BOUND_Q,            // d times the largest of q_gain
    BOUND_K,            // of k_gain
    BOUND_OWN_SCALE,    // 1 / sqrt(d) for the scale
    BOUND_SQUARES,      // the largest square of a product
} BoundRule;

static double bound_by(BoundRule rule, Mat q, Mat k, double scale) {
    Gains a = gains_of(q, k);
    double d = q.cols, lengths = longest_row(q) * longest_row(k);
    const double by[] = {
        [BOUND_LENGTHS] = scale * lengths,
        [BOUND_ONES] = scale * a.sizes,
        [BOUND_SIGNED] = scale * fabs(a.sum),
        [BOUND_SIGNED_D] = scale * d * fabs(a.sum),
        [BOUND_WIDE] = scale * d * a.size_q * a.size_k,
        [BOUND_WIDE_NO_D] = scale * a.size_q * a.size_k,
        [BOUND_NO_D] = scale * a.product,
        [BOUND_NO_SCALE] = d * a.product,
        [BOUND_POSITIVE] = scale * d * a.positive,
        [BOUND_ROOT_D] = scale * sqrt(d) * a.product,
        [BOUND_D_SQUARED] = scale * d * d * a.product,
        [BOUND_BY_SCALE] = d * a.product / scale,
        [BOUND_ALL] = scale * d * a.sizes,
        [BOUND_ALL_LENGTHS] = scale * d * lengths,
        [BOUND_ALL_SQUARES] = scale * d * sqrt(a.squares),
        [BOUND_Q] = scale * d * a.size_q,
        [BOUND_K] = scale * d * a.size_k,
        [BOUND_OWN_SCALE] = sqrt(d) * a.product,
        [BOUND_SQUARES] = scale * d * a.product * a.product,
    };
    return by[rule];
}

#define SIGNS \
    "products of gains were added with their signs: y may have any signs, and all of " \
    "its length sqrt(d) in one channel"

// Formulas that are no bound, or not the smallest one.
static const struct {
    BoundRule rule;
    const char *code, *says;
} BOUND_SLIPS[] = {
    {BOUND_LENGTHS, "bound-lengths",
     "|q_gain| |k_gain| is the size for y = all ones; a y with all of its length "
     "sqrt(d) in one channel exceeds it"},
    {BOUND_ONES, "bound-ones",
     "the sum over channels is the score of y = all ones; others are larger"},
    {BOUND_SIGNED, "bound-signed-sum", SIGNS},
    {BOUND_SIGNED_D, "bound-signed-sum", SIGNS},
    {BOUND_WIDE, "bound-wide",
     "true but too wide: the largest of q_gain and the largest of k_gain are different "
     "channels"},
    {BOUND_WIDE_NO_D, "bound-wide-no-d",
     "d is missing (a normalised head is sqrt(d) long), and the largest of q_gain and "
     "of k_gain are different channels"},
    {BOUND_NO_D, "bound-no-d",
     "d is missing: the mean square is 1, so the length of a normalised head is "
     "sqrt(d)"},
    {BOUND_NO_SCALE, "bound-no-scale", "the scale is missing"},
    {BOUND_POSITIVE, "bound-sign",
     "gains may be negative: it is the largest |product|"},
    {BOUND_ROOT_D, "bound-root-d", "the root of d for d: both heads are sqrt(d) long"},
    {BOUND_D_SQUARED, "bound-d-squared",
     "d comes once: sqrt(d) for the query, sqrt(d) for the key"},
    {BOUND_BY_SCALE, "bound-by-scale", "divided by the scale: a score is scale q . k"},
    {BOUND_ALL, "bound-all-channels",
     "true but too wide: not all channels can have the whole length"},
    {BOUND_ALL_LENGTHS, "bound-all-channels",
     "true but too wide: a y has one length sqrt(d) for all channels, and is worst "
     "with "
     "all of it where |q_gain k_gain| is largest"},
    {BOUND_ALL_SQUARES, "bound-all-channels",
     "true but too wide: not all channels can have the whole length"},
    {BOUND_OWN_SCALE, "bound-own-scale", "the scale is `scale`, not 1 / sqrt(d)"},
    {BOUND_SQUARES, "bound-squares",
     "the product of the two gains was squared: it is its size"},
    {BOUND_Q, "bound-one-gain", "only q_gain is in it: k_gain counts too"},
    {BOUND_K, "bound-one-gain", "only k_gain is in it: q_gain counts too"},
};

static void recognise_bound(Grade *g, double got, Mat q, Mat k, double scale) {
    for (size_t i = 0; i < sizeof BOUND_SLIPS / sizeof *BOUND_SLIPS; i++) {
        double by = bound_by(BOUND_SLIPS[i].rule, q, k, scale);
        grade_mistake(g, fabs(got - by) < 1e-5, BOUND_SLIPS[i].code, "bound: %s",
                      BOUND_SLIPS[i].says);
    }
}

// Of gains that are all positive, or all 1, of a scale of 1, of one channel.
static void contrast_bound(Grade *g, Mat q, Mat k, double scale) {
    Mat ones = filled(1, q.cols, 1), q_size = sizes_of(q), k_size = sizes_of(k);
    const struct {
        Mat q, k;
        double scale;
        const char *code, *says;
    } cases[] = {
        {q_size, k_size, scale, "only-positive",
         "bound: right where all gains are positive: what does a sign change?"},
        {q, k, 1, "only-scale-1",
         "bound: right where the scale is 1: where does the scale stand?"},
        {ones, ones, scale, "only-gains-1",
         "bound: right where all gains are 1: of which channels is it, and is it of "
         "products?"},
        {mat_cols(q, 1, 1), mat_cols(k, 1, 1), scale, "only-one-channel",
         "bound: right for a single channel: which of several counts, and how long is "
         "a normalised head?"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double want = fabs(cases[i].scale) * cases[i].q.cols
                      * gains_of(cases[i].q, cases[i].k).product;
        grade_contrast(
            g, fabs(bound_of(cases[i].q, cases[i].k, cases[i].scale) - want) < 1e-5,
            cases[i].code, "%s", cases[i].says);
    }
}

static void check_bound(Grade *g) {
    Mat q = mat_view((real[]){1, -3, 0.5, 2}, 1, 4),
        k = mat_view((real[]){0.5, 2.5, -4.5, 1.25}, 1, 4);
    // the largest product is the first or the last one, and below 1
    Mat q_small = mat_view((real[]){0.5, 0.25}, 1, 2),
        k_small = mat_view((real[]){-0.75, 0.5}, 1, 2),
        q_last = mat_view((real[]){0.25, 0.5}, 1, 2),
        k_last = mat_view((real[]){0.5, -0.75}, 1, 2);
    double scale = 0.375, got = bound_of(q, k, scale), close = 1e-5,
           small = bound_of(q_small, k_small, 2), small_want = 2 * 2 * 0.375,
           last = bound_of(q_last, k_last, 2), below = bound_of(q_small, k_small, -2);
    double want = scale * 4 * 7.5;
    if (fabs(got - want) >= close) recognise_bound(g, got, q, k, scale);
    grade_mistake(g, fabs(got - want) < close && fabs(small - small_want) >= close,
                  "bound-of-some",
                  "bound: where the first channel has the largest product, which is "
                  "below 1, it is another: all channels are compared, from 0 on");
    grade_mistake(g, fabs(got - want) < close && fabs(last - small_want) >= close,
                  "bound-of-some",
                  "bound: where the last channel has the largest product it is "
                  "another: all channels are compared, to the last");
    Reading all[] = {{"of gains 1 -3 0.5 2 and 0.5 2.5 -4.5 1.25", got, want, close},
                     {"of 0.5 0.25 and -0.75 0.5", small, small_want, close},
                     {"of 0.25 0.5 and 0.5 -0.75", last, small_want, close},
                     {"at scale -2", below, small_want, close}};
    grade_mistake(
        g, fabs(got - want) < close && fabs(below + small_want) < close,
        "bound-negative",
        "bound: of |scale q . k|: where the scale is negative, its size counts");
    if (!grade_readings(g, 4, "bound", all, 4)) contrast_bound(g, q, k, scale);
}

// Whether backward would read what is no more.
static bool check_saved(Grade *g, Mat x, Mat gain) {
    Tape *t = tape_new(NULL);
    Node *x_node = variable_node(t, x), *gain_node = variable_node(t, gain);
    bool lost = saved_on_stack(g, qk_norm(t, x_node, gain_node, EPSILON));
    tape_free(t);
    return lost;
}

void check_qk_norm(Grade *g) {
    Rng rng = rng_new(11);
    Mat x = random_mat(&rng, ROWS, WIDE), other = random_mat(&rng, ROWS, WIDE),
        gain = random_mat(&rng, 1, DIM);
    Mat out_grad = random_mat(&rng, ROWS, WIDE);
    for (int i = 0; i < ROWS; i++) *mat_at(x, i, i) *= 4;  // heads of different sizes
    grade_part(g, check_forward(g, x, gain));
    static bool lost;
    grade_part(g, lost = check_saved(g, x, gain));
    if (!lost) {
        grade_part(g, check_x_grad(g, x, gain, out_grad));
        grade_part(g, check_gain_grad(g, x, gain, out_grad));
        grade_part(g, check_twice(g, x, other, gain, out_grad));
    }
    grade_part(g, check_bound(g));
}
