// The grader of chapter 2's homework. References are computed in double, straight from the definitions, and
// a typical error is one more reference: the same definition with that error in it. Random cases have fixed
// seeds. How a check counts: common/homework.h.
#include <math.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "ch02_attention/homework/hw02.h"
#include "common/error.h"
#include "common/homework.h"
#include "common/rng.h"

// ---- what all checks use --------------------------------------------------------------------------------

static int min(int a, int b) { return a < b ? a : b; }
static double at(Mat m, int row, int col) { return *mat_at(m, row, col); }

static Mat random_mat(Rng *rng, int rows, int cols) {
    Mat m = mat_new(rows, cols);
    rng_fill_normal(rng, m, 1);
    return m;
}

static Mat filled(int rows, int cols, real value) {
    Mat m = mat_new(rows, cols);
    mat_fill(m, value);
    return m;
}

static bool near_mat(Mat a, Mat b, double tolerance) {
    for (int i = 0; i < a.rows; i++)
        for (int j = 0; j < a.cols; j++)
            if (at(a, i, j) != at(b, i, j) && !(fabs(at(a, i, j) - at(b, i, j)) <= tolerance)) return false;
    return true;
}

static bool finite_mat(Mat m) {
    for (int i = 0; i < m.rows; i++)
        for (int j = 0; j < m.cols; j++)
            if (!isfinite(at(m, i, j))) return false;
    return true;
}

static double dot_rows(Mat a, int i, Mat b, int j) {
    double sum = 0;
    for (int c = 0; c < a.cols; c++) sum += at(a, i, c) * at(b, j, c);
    return sum;
}

static double longest_row(Mat m) {
    double longest = 0;
    for (int i = 0; i < m.rows; i++) longest = fmax(longest, sqrt(dot_rows(m, i, m, i)));
    return longest;
}

// A sum of n terms whose sizes add up to `size`, in float and in any order, is off by at most about n 2^-24
// size. 16 more: for what e^x, a division and the terms themselves add.
static double rounding(int n, double size) { return (n + 16) * 0x1p-24 * size; }

// Numbers that a reference adds up in double.
typedef struct {
    double *at;
    int rows, cols;
} Table;

static Table table_new(int rows, int cols) {
    return (Table){allocate((size_t)rows * (size_t)cols, sizeof(double)), rows, cols};
}

// Row i of to += factor x row j of from.
static void add_row(Table to, int i, double factor, Mat from, int j) {
    for (int c = 0; c < to.cols; c++) to.at[(size_t)i * to.cols + c] += factor * at(from, j, c);
}

// The table's numbers, each plus `start`, as a Mat. Frees the table.
static Mat mat_of(Table t, double start) {
    Mat m = mat_new(t.rows, t.cols);
    for (int i = 0; i < t.rows; i++)
        for (int j = 0; j < t.cols; j++) *mat_at(m, i, j) = start + t.at[(size_t)i * t.cols + j];
    free(t.at);
    return m;
}

static double cpu_seconds(void) { return (double)clock() / CLOCKS_PER_SEC; }

// The most memory this check has used so far.
static double peak_megabytes(void) {
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
#ifdef __APPLE__
    return (double)use.ru_maxrss / (1 << 20);  // bytes
#else
    return (double)use.ru_maxrss / (1 << 10);
#endif
}

// What gradients are added to. A gradient that misses it has been written with = instead of +=.
static const double START = 0.25;

// ---- 1. Attention sink ----------------------------------------------------------------------------------

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
    real row[SCORES];
    Sunk s;
    for (int j = 0; j < SCORES; j++) row[j] = scores[j];
    s.sink = sink_softmax(row, SCORES, sink);
    for (int j = 0; j < SCORES; j++) s.weights[j] = row[j];
    return s;
}

static bool near_numbers(const double *a, const double *b, int n, double tolerance) {
    for (int j = 0; j < n; j++)
        if (!(fabs(a[j] - b[j]) <= tolerance)) return false;
    return true;
}

// Weights are at most 1, so this is their rounding: |score - most| <= 8, rounded to 8 x 2^-24, becomes a
// relative error of e^x.
static double sunk_tolerance(void) { return rounding(SCORES + 8, 1); }

static bool near_sunk(const Sunk *a, const Sunk *b) {
    return near_numbers(a->weights, b->weights, SCORES, sunk_tolerance()) &&
           fabs(a->sink - b->sink) <= sunk_tolerance();
}

static bool nan_sunk(const Sunk *s) {
    double sum = s->sink;
    for (int j = 0; j < SCORES; j++) sum += s->weights[j];
    return !isfinite(sum);
}

static const double MODERATE[SCORES] = {0.4, -1.2, 1.3, -0.3, 0.9, -2};
static const double LARGEST = 1.3;

static void check_sink_forward(Grade *g) {
    Sunk one = run_sink(MODERATE, 0), want = sunk(MODERATE, 0);
    Sunk none = sunk(MODERATE, -INFINITY), unshifted = sunk(MODERATE, LARGEST);
    grade_mistake(g, near_numbers(one.weights, none.weights, SCORES, sunk_tolerance()),
                  "the weights sum to 1: this is the ordinary softmax, the sink got nothing");
    grade_mistake(
        g, near_numbers(one.weights, unshifted.weights, SCORES, sunk_tolerance()),
        "the largest score was subtracted, but not from the sink: its term is e^(sink - largest) now");
    grade_expect(g, 3, near_sunk(&one, &want),
                 "sink = 0: the first weight is %.6f, should be %.6f; the sink's is %.6f, should be %.6f",
                 one.weights[0], want.weights[0], one.sink, want.sink);

    Sunk high = run_sink(MODERATE, 1.7), high_want = sunk(MODERATE, 1.7);
    Sunk low = run_sink(MODERATE, -INFINITY), low_want = sunk(MODERATE, -INFINITY);
    grade_mistake(g, near_sunk(&high, &want),
                  "sink = 1.7 gives what 0 gives: the extra term is e^sink, not 1");
    grade_expect(g, 2, near_sunk(&high, &high_want) && near_sunk(&low, &low_want),
                 "sink = 1.7, -inf: the sink's weights are %.6f, %.6f, should be %.6f, 0", high.sink,
                 low.sink, high_want.sink);
}

static void check_sink_masked(Grade *g) {
    double some[SCORES], all[SCORES];
    for (int j = 0; j < SCORES; j++) some[j] = j % 2 ? -INFINITY : MODERATE[j], all[j] = -INFINITY;
    Sunk half = run_sink(some, 0), half_want = sunk(some, 0);
    Sunk row = run_sink(all, 0), row_want = sunk(all, 0);
    Sunk nothing = run_sink(all, -INFINITY), zeros = {{0}, 0};
    grade_mistake(g, nan_sunk(&nothing),
                  "everything masked, sink = -inf: -inf - -inf is NaN; all weights are 0 by the contract");
    grade_expect(
        g, 2, near_sunk(&half, &half_want) && near_sunk(&row, &row_want) && near_sunk(&nothing, &zeros),
        "masked scores: all masked and sink = 0, the first weight is %g and the sink's %g, not 0 and 1",
        row.weights[0], row.sink);
}

static void check_sink_large(Grade *g) {
    double up[SCORES], down[SCORES];
    for (int j = 0; j < SCORES; j++) up[j] = 1000 + MODERATE[j], down[j] = -1000 + MODERATE[j];
    Sunk high = run_sink(up, 0), low = run_sink(down, 0), sink_only = {{0}, 1};
    Sunk high_want = sunk(MODERATE, -INFINITY);  // e^-1000 is nothing
    grade_mistake(g, nan_sunk(&high),
                  "e^1000 overflows: subtract the largest score from all of them first");
    grade_mistake(
        g, nan_sunk(&low),
        "scores near -1000: the sink's e^(0 - largest) overflows. The sink may be the largest itself");
    // 1000.4 has a spacing of 2^-14 in float: that is a relative error of 2^-15 a weight.
    bool high_fits =
        near_numbers(high.weights, high_want.weights, SCORES, 0x1p-13) && fabs(high.sink) < 1e-6;
    grade_expect(g, 3, high_fits && near_sunk(&low, &sink_only),
                 "scores near 1000 and -1000: the sink's weights are %g and %g, should be 0 and 1",
                 high.sink, low.sink);
}

static void check_sink_backward(Grade *g) {
    static const double dp[SCORES] = {0.7, -1.1, 0.2, 1.9, -0.6, 0.5};
    Sunk p = sunk(MODERATE, 0.5);
    double d = 0, want[SCORES], no_d[SCORES], diagonal[SCORES], divided[SCORES], got[SCORES];
    real grad[SCORES], weights[SCORES];
    for (int j = 0; j < SCORES; j++) d += p.weights[j] * dp[j], grad[j] = dp[j], weights[j] = p.weights[j];
    for (int j = 0; j < SCORES; j++) {
        want[j] = p.weights[j] * (dp[j] - d);
        no_d[j] = p.weights[j] * dp[j];
        diagonal[j] = p.weights[j] * (1 - p.weights[j]) * dp[j];
        divided[j] = p.weights[j] * (dp[j] - d / (1 - p.sink));
    }
    double sink = sink_softmax_backward(grad, weights, SCORES, p.sink), tolerance = rounding(SCORES, 2);
    for (int j = 0; j < SCORES; j++) got[j] = grad[j];
    grade_mistake(g, near_numbers(got, no_d, SCORES, tolerance),
                  "these are P dP: each score lowers all other weights, so D = sum of P dP is subtracted");
    grade_mistake(g, near_numbers(got, diagonal, SCORES, tolerance),
                  "only the diagonal of the Jacobian: each score changes all weights, not its own alone");
    grade_mistake(
        g, near_numbers(got, divided, SCORES, tolerance),
        "D was divided by the sum of the weights: that they do not sum to 1 changes nothing here");
    grade_expect(g, 3, near_numbers(got, want, SCORES, tolerance),
                 "backward: the first score's gradient is %.6f, should be %.6f", got[0], want[0]);
    grade_mistake(
        g, sink == 0,
        "the sink's gradient is 0: its value is 0, but its score lowers all weights that do count");
    grade_mistake(g, fabs(sink - p.sink * d) <= tolerance, "the sink's gradient has the wrong sign");
    grade_near(g, 2, "backward: the gradient by the sink", sink, -p.sink * d, tolerance);
}

static void check_sink(Grade *g) {
    check_sink_forward(g);
    check_sink_masked(g);
    check_sink_large(g);
    check_sink_backward(g);
}

// ---- 2. Sliding window, backward ------------------------------------------------------------------------

typedef struct {
    int n, window;
    double scale;
    Mat q, k, v, out_grad;
    Mat weights, out, q_grad, k_grad, v_grad;  // the reference's; gradients without START
} Window;

typedef enum {
    WINDOW_RIGHT,
    WINDOW_NO_D,      // dS = P dP
    WINDOW_NO_EDGE,   // the first W - 1 queries send no gradient
    WINDOW_LAST,      // of all queries that see a key, the last one's gradient alone
    WINDOW_UNSCALED,  // dQ and dK without scale
} WindowRule;

static Window window_new(Rng *rng, int n, int window, int dim, int value_dim) {
    Window w = {.n = n, .window = window, .scale = 1 / sqrt(dim)};
    w.q = random_mat(rng, n, dim), w.k = random_mat(rng, n, dim);
    w.v = random_mat(rng, n, value_dim), w.out_grad = random_mat(rng, n, value_dim);
    return w;
}

static void window_forward_reference(Window *x) {
    Table out = table_new(x->n, x->v.cols), weights = table_new(x->n, x->window);
    for (int i = 0; i < x->n; i++) {
        double sum = 0, *p = &weights.at[(size_t)i * x->window];
        int seen = min(x->window, i + 1);
        for (int w = 0; w < seen; w++) sum += p[w] = exp(x->scale * dot_rows(x->q, i, x->k, i - w));
        for (int w = 0; w < seen; w++) add_row(out, i, p[w] /= sum, x->v, i - w);
    }
    x->out = mat_of(out, 0), x->weights = mat_of(weights, 0);
}

static void window_backward_reference(Window *x, WindowRule rule) {
    Table dq = table_new(x->n, x->q.cols), dk = table_new(x->n, x->q.cols), dv = table_new(x->n, x->v.cols);
    double *dp = allocate((size_t)x->window, sizeof *dp), scale = rule == WINDOW_UNSCALED ? 1 : x->scale;
    for (int i = rule == WINDOW_NO_EDGE ? x->window - 1 : 0; i < x->n; i++) {
        double d = 0;
        int seen = min(x->window, i + 1);
        for (int w = 0; w < seen; w++) {
            dp[w] = dot_rows(x->out_grad, i, x->v, i - w);
            d += at(x->weights, i, w) * dp[w];
        }
        for (int w = 0; w < seen; w++) {
            double p = at(x->weights, i, w), ds = p * (dp[w] - (rule == WINDOW_NO_D ? 0 : d));
            add_row(dq, i, scale * ds, x->k, i - w);
            if (rule == WINDOW_LAST && i < min(x->n - 1, i - w + x->window - 1)) continue;
            add_row(dv, i - w, p, x->out_grad, i);
            add_row(dk, i - w, scale * ds, x->q, i);
        }
    }
    free(dp);
    x->q_grad = mat_of(dq, 0), x->k_grad = mat_of(dk, 0), x->v_grad = mat_of(dv, 0);
}

static Window window_by_rule(Window x, WindowRule rule) {
    window_backward_reference(&x, rule);
    return x;
}

typedef struct {
    double weights, out, q_grad, k_grad, v_grad;
} WindowTolerance;

// A score is off by the rounding of a product of d terms; e^score, a weight, relatively by twice that. For
// gradients the weights are given: |dP| <= |dO| |v|, the |dS| of a query sum to at most twice that, and a
// key is seen by W queries.
static WindowTolerance window_tolerance(const Window *x) {
    double score = x->scale * longest_row(x->q) * longest_row(x->k),
           terms = x->q.cols + x->v.cols + 2 * x->window;
    double ds = 2 * longest_row(x->out_grad) * longest_row(x->v) * x->scale,
           weights = 2 * rounding(x->q.cols, score);
    weights += rounding(x->window, 1);
    return (WindowTolerance){weights, weights * longest_row(x->v) * sqrt(x->window),
                             rounding((int)terms, ds * longest_row(x->k)),
                             rounding((int)terms, ds * longest_row(x->q) * x->window),
                             rounding((int)terms, longest_row(x->out_grad) * x->window)};
}

typedef struct {
    Mat weights, out, q, k, v;  // q, k, v: gradients
} WindowRun;

static WindowRun run_window_forward(const Window *x) {
    WindowRun r = {.weights = filled(x->n, x->window, 7), .out = filled(x->n, x->v.cols, 7)};
    window_attention(r.out, r.weights, x->q, x->k, x->v, x->scale);
    return r;
}

static WindowRun run_window_backward(const Window *x) {
    WindowRun r = {.q = filled(x->n, x->q.cols, START),
                   .k = filled(x->n, x->q.cols, START),
                   .v = filled(x->n, x->v.cols, START)};
    window_attention_backward(r.q, r.k, r.v, x->out_grad, x->weights, x->q, x->k, x->v, x->scale);
    return r;
}

static Mat plus_start(Mat m) {
    Mat sum = filled(m.rows, m.cols, START);
    for (int i = 0; i < m.rows; i++)
        for (int j = 0; j < m.cols; j++) *mat_at(sum, i, j) += *mat_at(m, i, j);
    return sum;
}

// The band with its columns from the last to the first.
static Mat mirrored(Mat band) {
    Mat m = mat_new(band.rows, band.cols);
    for (int j = 0; j < band.cols; j++) mat_copy(mat_cols(m, j, 1), mat_cols(band, band.cols - 1 - j, 1));
    return m;
}

static void check_window_forward(Grade *g, const Window *x) {
    WindowTolerance t = window_tolerance(x);
    WindowRun got = run_window_forward(x);
    double first = exp(x->scale * dot_rows(x->q, 0, x->k, 0)),
           with_ghosts = first / (first + x->window - 1);
    Mat last_column = mat_cols(got.weights, x->window - 1, 1);
    grade_mistake(g, near_mat(got.weights, mirrored(x->weights), t.weights),
                  "the band's columns are the wrong way round: column 0 is the query's own key");
    grade_mistake(
        g, fabs(at(got.weights, 0, 0) - with_ghosts) <= t.weights,
        "query 0 sees itself alone, so its weight is 1: keys before the first have no score, not 0");
    grade_mistake(g, near_mat(last_column, mat_new(x->n, 1), 0),
                  "the window is one key too short: the query itself is one of its W keys");
    grade_near_mat(g, 3, "weights", got.weights, x->weights, t.weights);
    grade_near_mat(g, 1, "out", got.out, x->out, t.out);
}

static bool all_near(const WindowRun *got, const Window *want, const WindowTolerance *t) {
    return near_mat(got->q, want->q_grad, t->q_grad) && near_mat(got->k, want->k_grad, t->k_grad) &&
           near_mat(got->v, want->v_grad, t->v_grad);
}

static Window started(Window x) {
    x.q_grad = plus_start(x.q_grad), x.k_grad = plus_start(x.k_grad), x.v_grad = plus_start(x.v_grad);
    return x;
}

static void check_window_backward(Grade *g, const Window *x) {
    WindowTolerance t = window_tolerance(x);
    WindowRun got = run_window_backward(x);
    Window want = started(*x), last = window_by_rule(*x, WINDOW_LAST);
    Window no_d = started(window_by_rule(*x, WINDOW_NO_D)),
           no_edge = started(window_by_rule(*x, WINDOW_NO_EDGE));
    Window unscaled = started(window_by_rule(*x, WINDOW_UNSCALED));
    grade_mistake(g, all_near(&got, x, &t), "gradients are added to what is there: +=, not =");
    grade_mistake(g, all_near(&got, &no_edge, &t),
                  "the first W - 1 queries sent no gradient: their windows are shorter, not empty");
    grade_mistake(
        g,
        near_mat(got.v, last.v_grad, t.v_grad) || near_mat(got.k, last.k_grad, t.k_grad) ||
            near_mat(got.v, plus_start(last.v_grad), t.v_grad),
        "a key has the gradient of the last query that sees it: it is seen by W queries, sum over them");
    grade_near_mat(g, 4, "v_grad", got.v, want.v_grad, t.v_grad);
    grade_mistake(g, near_mat(got.q, no_d.q_grad, t.q_grad) || near_mat(got.k, no_d.k_grad, t.k_grad),
                  "dS = P dP: the softmax's D, the sum of P dP over the window, was not subtracted");
    grade_mistake(g,
                  near_mat(got.q, unscaled.q_grad, t.q_grad) || near_mat(got.k, unscaled.k_grad, t.k_grad),
                  "the scale is missing: a score is scale q.k, so dQ and dK both have that factor");
    grade_near_mat(g, 3, "q_grad", got.q, want.q_grad, t.q_grad);
    grade_near_mat(g, 4, "k_grad", got.k, want.k_grad, t.k_grad);
}

// A window of the query alone, and one longer than the sequence.
static bool extreme_window_fits(Rng *rng, int n, int window) {
    Window x = window_new(rng, n, window, 3, 4);
    window_forward_reference(&x);
    window_backward_reference(&x, WINDOW_RIGHT);
    WindowTolerance t = window_tolerance(&x);
    WindowRun forward = run_window_forward(&x), backward = run_window_backward(&x);
    Window want = started(x);
    return near_mat(forward.weights, x.weights, t.weights) && near_mat(forward.out, x.out, t.out) &&
           all_near(&backward, &want, &t);
}

// N x N floats would be 256 MB; even if only the band of them were touched, in pages of 4 KB, 32 MB. What
// is allowed is a few times N (W + d + d_v) numbers, 1 MB. And N x N products take at least 100 times as
// long as the band's.
static void check_window_cost(Grade *g, Rng *rng) {
    enum { N = 8192, WINDOW = 16, DIM = 8 };
    static const double MOST_MEGABYTES = 16;
    Window x = window_new(rng, N, WINDOW, DIM, DIM);
    window_forward_reference(&x);
    double begin = cpu_seconds();
    window_backward_reference(&x, WINDOW_RIGHT);
    double own = cpu_seconds() - begin, before = peak_megabytes();
    begin = cpu_seconds();
    run_window_backward(&x);
    double theirs = cpu_seconds() - begin, used = peak_megabytes() - before;
    grade_mistake(g, used > MOST_MEGABYTES,
                  "N = %d, W = %d took %.0f MB: an N x N matrix? The band has 0.5 MB", N, WINDOW, used);
    grade_expect(g, 2, used <= MOST_MEGABYTES, "N = %d, W = %d took %.0f MB", N, WINDOW, used);
    grade_expect(g, 1, theirs <= 20 * own + 0.05,
                 "N = %d, W = %d took %.2f s: are all N x N pairs visited? The band's take 0.01 s", N,
                 WINDOW, theirs);
}

static void check_window(Grade *g) {
    Rng rng = rng_new(21);
    Window x = window_new(&rng, 21, 4, 6, 5);
    window_forward_reference(&x);
    window_backward_reference(&x, WINDOW_RIGHT);
    check_window_forward(g, &x);
    check_window_backward(g, &x);
    grade_expect(g, 2, extreme_window_fits(&rng, 7, 1) && extreme_window_fits(&rng, 5, 9),
                 "N = 7, W = 1 or N = 5, W = 9: a window of one key, or one longer than the sequence");
    check_window_cost(g, &rng);
}

// ---- 3. Choosing RoPE's base ----------------------------------------------------------------------------

static double theta(double base, int dim, int i) { return pow(base, -2.0 * i / dim); }
static double slowest_wavelength(double base, int dim) { return 2 * M_PI / theta(base, dim, dim / 2 - 1); }

// Both sides are a few pow() in double. A relative error of 2^-52 in an exponent of at most ln 10^9 = 21
// makes 5e-15; 1e-12 leaves room, and a wrong exponent differs by 1e-2.
static bool same_base(double a, double b) { return fabs(a - b) <= 1e-12 * fabs(b); }

static void check_base_stretch(Grade *g) {
    enum { DIM = 8 };  // small: here d/(d-2) is far from 1
    double base = 10000, s = 4, got = base_for_stretch(base, DIM, s);
    grade_mistake(
        g, same_base(got, base * s),
        "base x stretch: the slowest pair is i = d/2 - 1, not d/2, and is stretched by less than that");
    grade_mistake(g, same_base(got, base * pow(s, (DIM - 2.0) / DIM)),
                  "the exponent is upside down: d/(d-2)");
    grade_mistake(g, same_base(got, pow(base * s, DIM / (DIM - 2.0))), "only the stretch has the exponent");
    double reached = slowest_wavelength(got, DIM) / slowest_wavelength(base, DIM);
    grade_expect(g, 3, same_base(reached, s),
                 "d = 8: the slowest wavelength is stretched by %.6f, should be 4", reached);
    double other = base_for_stretch(500000, 128, 0.5);
    reached = slowest_wavelength(other, 128) / slowest_wavelength(500000, 128);
    grade_expect(g, 1, same_base(reached, 0.5), "d = 128, base 500000: stretched by %.6f, should be 0.5",
                 reached);
}

static void check_base_wavelength(Grade *g) {
    enum { DIM = 8 };
    double wanted = 1e6, got = base_for_wavelength(DIM, wanted);
    grade_mistake(g, same_base(got, wanted / (2 * M_PI)),
                  "there is no pair i = d/2: the slowest turns with base^(-(d-2)/d), not with 1/base");
    grade_mistake(g, same_base(got, pow(wanted, DIM / (DIM - 2.0))),
                  "2 pi is missing: the wavelength is 2 pi / theta, not 1 / theta");
    grade_mistake(g, same_base(got, pow(wanted / (2 * M_PI), (DIM - 2.0) / DIM)),
                  "the exponent is upside down: d/(d-2)");
    double reached = slowest_wavelength(got, DIM);
    grade_expect(g, 3, same_base(reached, wanted), "d = 8: the slowest wavelength is %.6g, should be %.6g",
                 reached, wanted);
    reached = slowest_wavelength(base_for_wavelength(4, 50), 4);
    grade_expect(g, 1, same_base(reached, 50), "d = 4: the slowest wavelength is %.6g, should be 50",
                 reached);
}

// The first pair that turns less than `limit` while training; dim/2 if none does.
static int first_slow_pair(double base, int dim, int trained, double limit) {
    for (int i = 1; i < dim / 2; i++)
        if (trained * theta(base, dim, i) < limit) return i;
    return dim / 2;
}

// The base that keeps pair i within what it saw.
static double base_for_pair(double base, int dim, int i, double ratio) {
    return base * pow(ratio, dim / (2.0 * i));
}

static void check_base_context(Grade *g) {
    enum { DIM = 128, TRAINED = 2048, TARGET = 16384 };
    double base = 10000, ratio = (double)TARGET / TRAINED,
           got = base_for_context(base, DIM, TRAINED, TARGET);
    int pair = first_slow_pair(base, DIM, TRAINED, 2 * M_PI);
    double want = base_for_pair(base, DIM, pair, ratio), turned = TARGET * theta(got, DIM, pair);
    grade_mistake(
        g, same_base(got, base_for_pair(base, DIM, DIM / 2 - 1, ratio)) || same_base(got, base * ratio),
        "that is enough for the slowest pair only: pair %d, stretched less, turns by %.2f, but saw %.2f",
        pair, turned, TRAINED * theta(base, DIM, pair));
    grade_mistake(g, same_base(got, base_for_pair(base, DIM, 1, ratio)),
                  "more than is needed: pairs that completed a turn in training have seen every angle");
    grade_mistake(g,
                  same_base(got, base_for_pair(base, DIM, first_slow_pair(base, DIM, TRAINED, 1), ratio)),
                  "a turn is 2 pi, not 1: theta is an angle in radians");
    grade_mistake(g, same_base(got, base_for_pair(base, DIM, pair - 1, ratio)),
                  "pair %d completed a turn in training: the first that did not is pair %d", pair - 1,
                  pair);
    grade_expect(g, 4, same_base(got, want), "d = 128, 2048 to 16384: the base is %.6g, should be %.6g",
                 got, want);

    // base^(-2/4) 50 = 0.5 < 2 pi: one pair is slow, the slowest. And 7 theta_1 < 2 pi even at i = 1.
    double small = base_for_context(10000, 4, 50, 200), early = base_for_context(10000, 64, 7, 21);
    grade_expect(g, 2,
                 same_base(small, base_for_pair(10000, 4, 1, 4)) &&
                     same_base(early, base_for_pair(10000, 64, 1, 3)),
                 "d = 4, 50 to 200, or d = 64, 7 to 21: the bases are %.6g and %.6g", small, early);
    double same = base_for_context(10000, DIM, TRAINED, TRAINED),
           none = base_for_context(100, 16, 4096, 9999);
    grade_expect(g, 1, same_base(same, 10000) && same_base(none, 100),
                 "where nothing needs to change: the bases are %.6g and %.6g, should be 10000 and 100",
                 same, none);
}

static void check_base(Grade *g) {
    check_base_stretch(g);
    check_base_wavelength(g);
    check_base_context(g);
}

// ---- 4. From MHA to GQA ---------------------------------------------------------------------------------

enum { CHANNELS = 8, HEADS = 6, HEAD_DIM = 4, WIDE = HEADS * HEAD_DIM };

typedef enum {
    MEAN_RIGHT,
    MEAN_SUM,      // not divided
    MEAN_FIRST,    // the group's first head alone
    MEAN_COLUMNS,  // neighbouring columns, as if heads were cut the other way
} MeanRule;

// What gqa's K or V should be: CHANNELS x groups HEAD_DIM.
static Mat group_means(Mat from, int groups, const int *group_of, MeanRule rule) {
    Table means = table_new(CHANNELS, groups * HEAD_DIM);
    int size = HEADS / groups, *seen = allocate((size_t)groups, sizeof *seen);
    for (int head = 0; head < HEADS; head++) {
        bool first = seen[group_of[head]]++ == 0;
        double share = rule == MEAN_SUM ? 1 : rule == MEAN_FIRST ? first : 1.0 / size;
        for (int i = 0; i < CHANNELS; i++)
            for (int c = 0; c < HEAD_DIM; c++) {
                int column = head * HEAD_DIM + c;
                int to = rule == MEAN_COLUMNS ? column / size : group_of[head] * HEAD_DIM + c;
                means.at[i * means.cols + to] += share * at(from, i, column);
            }
    }
    free(seen);
    return mat_of(means, 0);
}

static Projections projections_random(Rng *rng) {
    double sd = 1 / sqrt(CHANNELS);
    Projections p = {mat_new(CHANNELS, WIDE), mat_new(CHANNELS, WIDE), mat_new(CHANNELS, WIDE),
                     mat_new(WIDE, CHANNELS)};
    rng_fill_normal(rng, p.q, sd), rng_fill_normal(rng, p.k, sd), rng_fill_normal(rng, p.v, sd);
    rng_fill_normal(rng, p.o, sd);
    return p;
}

static Projections convert(const Projections *mha, int groups, const int *group_of) {
    Projections gqa = {filled(CHANNELS, WIDE, NAN), filled(CHANNELS, groups * HEAD_DIM, NAN),
                       filled(CHANNELS, groups * HEAD_DIM, NAN), filled(WIDE, CHANNELS, NAN)};
    gqa_convert(&gqa, mha, HEADS, groups, group_of);
    return gqa;
}

// Row t of x times column c of w.
static double projected(Mat x, int t, Mat w, int c) {
    double sum = 0;
    for (int i = 0; i < x.cols; i++) sum += at(x, t, i) * at(w, i, c);
    return sum;
}

// The weights with which token t of a layer's head attends.
static void head_weights(double *p, Mat x, const Projections *w, int head, int kv, int t) {
    double sum = 0;
    for (int s = 0; s < x.rows; s++) {
        double score = 0;
        for (int c = 0; c < HEAD_DIM; c++)
            score += projected(x, t, w->q, head * HEAD_DIM + c) * projected(x, s, w->k, kv * HEAD_DIM + c);
        sum += p[s] = exp(score / sqrt(HEAD_DIM));
    }
    for (int s = 0; s < x.rows; s++) p[s] /= sum;
}

// The layer by its definition: query head h attends with key-value head h / (HEADS / kv_heads).
static Mat layer(Mat x, const Projections *w, int kv_heads) {
    Table out = table_new(x.rows, CHANNELS);
    double *p = allocate((size_t)x.rows, sizeof *p);
    for (int head = 0; head < HEADS; head++)
        for (int t = 0; t < x.rows; t++) {
            int kv = head / (HEADS / kv_heads);
            head_weights(p, x, w, head, kv, t);
            for (int c = 0; c < HEAD_DIM; c++) {
                double mixed = 0;
                for (int s = 0; s < x.rows; s++) mixed += p[s] * projected(x, s, w->v, kv * HEAD_DIM + c);
                add_row(out, t, mixed, w->o, head * HEAD_DIM + c);
            }
        }
    free(p);
    return mat_of(out, 0);
}

// mha with each head's K and V replaced by its group's mean: what gqa has to compute.
static Projections with_means(const Projections *mha, int groups, const int *group_of) {
    Projections w = {mha->q, mat_new(CHANNELS, WIDE), mat_new(CHANNELS, WIDE), mha->o};
    Mat k = group_means(mha->k, groups, group_of, MEAN_RIGHT),
        v = group_means(mha->v, groups, group_of, MEAN_RIGHT);
    for (int head = 0; head < HEADS; head++) {
        mat_copy(mat_cols(w.k, head * HEAD_DIM, HEAD_DIM),
                 mat_cols(k, group_of[head] * HEAD_DIM, HEAD_DIM));
        mat_copy(mat_cols(w.v, head * HEAD_DIM, HEAD_DIM),
                 mat_cols(v, group_of[head] * HEAD_DIM, HEAD_DIM));
    }
    return w;
}

static const int NEIGHBOURS[HEADS] = {0, 0, 0, 1, 1, 1}, EVERY_OTHER[HEADS] = {0, 1, 0, 1, 0, 1};
static const int SCATTERED[HEADS] = {2, 0, 1, 1, 2, 0}, IN_ROWS[HEADS] = {0, 0, 1, 1, 2, 2};
static const int SINGLE[HEADS] = {3, 0, 5, 1, 4, 2};

// A mean of at most HEADS numbers below 2.
static double mean_tolerance(void) { return rounding(HEADS, 2); }

static bool are_means(const Projections *gqa, const Projections *mha, int groups, const int *group_of,
                      MeanRule rule) {
    return near_mat(gqa->k, group_means(mha->k, groups, group_of, rule), mean_tolerance()) &&
           near_mat(gqa->v, group_means(mha->v, groups, group_of, rule), mean_tolerance());
}

static void expect_means(Grade *g, int points, const char *what, const Projections *gqa,
                         const Projections *mha, int groups, const int *group_of) {
    Mat k = group_means(mha->k, groups, group_of, MEAN_RIGHT),
        v = group_means(mha->v, groups, group_of, MEAN_RIGHT);
    if (!near_mat(gqa->k, k, mean_tolerance())) {
        grade_near_mat(g, points, what, gqa->k, k, mean_tolerance());
        return;
    }
    grade_near_mat(g, points, what, gqa->v, v, mean_tolerance());
}

// Two heads of a group with the same W_Q.
static bool queries_averaged(const Projections *gqa) {
    return near_mat(mat_cols(gqa->q, 0, HEAD_DIM), mat_cols(gqa->q, HEAD_DIM, HEAD_DIM), mean_tolerance());
}

static void check_gqa_means(Grade *g, const Projections *mha) {
    Projections gqa = convert(mha, 2, NEIGHBOURS);
    grade_mistake(
        g, are_means(&gqa, mha, 2, EVERY_OTHER, MEAN_RIGHT),
        "interleaved groups, head %% groups: group_of says 0 0 0 1 1 1, heads 0, 1, 2 are group 0");
    grade_mistake(g, are_means(&gqa, mha, 2, NEIGHBOURS, MEAN_SUM),
                  "the sum of a group's projections: divide by its size, or scores grow with it");
    grade_mistake(g, are_means(&gqa, mha, 2, NEIGHBOURS, MEAN_FIRST),
                  "the first head of each group was kept: the others' keys and values are thrown away");
    grade_mistake(
        g, are_means(&gqa, mha, 2, NEIGHBOURS, MEAN_COLUMNS),
        "neighbouring columns were averaged: channel c of a group is the mean of its heads' channels c");
    expect_means(g, 4, "0 0 0 1 1 1: W_K or W_V", &gqa, mha, 2, NEIGHBOURS);
    Projections scattered = convert(mha, 3, SCATTERED);
    grade_mistake(g, are_means(&scattered, mha, 3, IN_ROWS, MEAN_RIGHT),
                  "groups of neighbours, though group_of says 2 0 1 1 2 0: heads 1 and 5 are group 0");
    expect_means(g, 4, "2 0 1 1 2 0: W_K or W_V", &scattered, mha, 3, SCATTERED);
}

// gqa's K and V are float means, off by 2^-22 of a number below 2: a key by 20 times that (|x|_1 < 20), a
// score by 5 times a key, a weight relatively by twice a score, and the output is a sum of WIDE such values
// and weights.
static double layer_tolerance(void) { return 20 * 2 * 0x1p-22 * (2 * 5 + 1) * WIDE; }

static void check_gqa_layer(Grade *g, const Projections *mha, Mat x) {
    Projections gqa = convert(mha, 3, SCATTERED), means = with_means(mha, 3, SCATTERED);
    bool q_stays = near_mat(gqa.q, mha->q, 0), o_stays = near_mat(gqa.o, mha->o, 0);
    grade_mistake(
        g, q_stays && o_stays,
        "query heads stayed where they were: attend_heads gives head h the key-value head h / size, so "
        "they must move beside their group");
    grade_mistake(g, q_stays,
                  "W_Q stayed as it was: a head moves with its columns of W_Q and its rows of W_O");
    grade_mistake(
        g, o_stays,
        "W_O stayed as it was: a head's output comes at its new place, its rows of W_O must move along");
    grade_mistake(g, queries_averaged(&gqa),
                  "the queries were averaged too: a group shares keys and values only");
    grade_near_mat(g, 6, "the converted layer's output", layer(x, &gqa, 3), layer(x, &means, HEADS),
                   layer_tolerance());

    Projections moved = convert(mha, HEADS, SINGLE);
    grade_near_mat(g, 1, "groups of one head: the layer's output", layer(x, &moved, HEADS),
                   layer(x, mha, HEADS), layer_tolerance());
}

static void check_gqa(Grade *g) {
    Rng rng = rng_new(41);
    Projections mha = projections_random(&rng);
    Mat x = random_mat(&rng, 5, CHANNELS);
    check_gqa_means(g, &mha);
    check_gqa_layer(g, &mha, x);
}

// ---- 5. Relative keys -----------------------------------------------------------------------------------

typedef struct {
    int queries, keys, buckets, furthest;
    bool causal;
    double scale;
    Mat q, table, scores, scores_grad;  // scores: before the addition
} Relative;

typedef enum {
    RELATIVE_RIGHT,
    RELATIVE_SIGN,    // key minus query
    RELATIVE_OFFSET,  // query i at position i
    RELATIVE_UNSCALED,
    RELATIVE_MEAN,  // a bucket's mean instead of its sum
    RELATIVE_LAST,  // a bucket's last pair, not added to what was there
} RelativeRule;

static Relative relative_new(Rng *rng, int queries, int keys, int dim, int buckets, int furthest,
                             bool causal) {
    Relative r = {queries, keys, buckets, furthest, causal, .scale = 1 / sqrt(dim)};
    r.q = random_mat(rng, queries, dim), r.table = random_mat(rng, buckets, dim);
    r.scores = random_mat(rng, queries, keys), r.scores_grad = random_mat(rng, queries, keys);
    return r;
}

static int relative_bucket(const Relative *r, int i, int j, RelativeRule rule) {
    int distance = i + (rule == RELATIVE_OFFSET ? 0 : r->keys - r->queries) - j;
    return t5_bucket(rule == RELATIVE_SIGN ? -distance : distance, r->buckets, r->furthest, r->causal);
}

static Mat relative_reference(const Relative *r, RelativeRule rule) {
    Mat scores = mat_new(r->queries, r->keys);
    double scale = rule == RELATIVE_UNSCALED ? 1 : r->scale;
    for (int i = 0; i < r->queries; i++)
        for (int j = 0; j < r->keys; j++)
            *mat_at(scores, i, j) =
                at(r->scores, i, j) + scale * dot_rows(r->q, i, r->table, relative_bucket(r, i, j, rule));
    return scores;
}

typedef struct {
    Mat q, table;
} RelativeGrad;

static RelativeGrad relative_grad_reference(const Relative *r, RelativeRule rule, double start) {
    Table q = table_new(r->queries, r->q.cols), table = table_new(r->buckets, r->q.cols);
    double scale = rule == RELATIVE_UNSCALED ? 1 : r->scale;
    int *pairs = allocate((size_t)r->buckets, sizeof *pairs);
    for (int i = 0; i < r->queries; i++)
        for (int j = 0; j < r->keys; j++) {
            int bucket = relative_bucket(r, i, j, rule);
            double *row = &table.at[bucket * table.cols];
            for (int c = 0; c < table.cols && rule == RELATIVE_LAST; c++) row[c] = -start;
            add_row(q, i, scale * at(r->scores_grad, i, j), r->table, bucket);
            add_row(table, bucket, scale * at(r->scores_grad, i, j), r->q, i);
            pairs[bucket]++;
        }
    for (int b = 0; b < r->buckets && rule == RELATIVE_MEAN; b++)
        for (int c = 0; c < table.cols; c++) table.at[b * table.cols + c] /= pairs[b] ? pairs[b] : 1;
    free(pairs);
    return (RelativeGrad){mat_of(q, start), mat_of(table, start)};
}

static Mat run_relative(const Relative *r) {
    Mat scores = mat_new(r->queries, r->keys);
    mat_copy(scores, r->scores);
    relative_scores(scores, r->q, r->table, r->scale, r->furthest, r->causal);
    return scores;
}

static RelativeGrad run_relative_backward(const Relative *r) {
    RelativeGrad grad = {filled(r->queries, r->q.cols, START), filled(r->buckets, r->q.cols, START)};
    relative_scores_backward(grad.q, grad.table, r->scores_grad, r->q, r->table, r->scale, r->furthest,
                             r->causal);
    return grad;
}

// A score: d products, |q| |table row|. Gradients: at most T S terms, their sizes by Cauchy and Schwarz.
static double relative_score_tolerance(const Relative *r) {
    return rounding(r->q.cols, 4 + r->scale * longest_row(r->q) * longest_row(r->table));
}
static double relative_grad_tolerance(const Relative *r) {
    int pairs = r->queries * r->keys;
    double rows = fmax(longest_row(r->q), longest_row(r->table));
    return rounding(pairs, START + r->scale * sqrt(pairs) * longest_row(r->scores_grad) * rows);
}

static void check_relative_scores(Grade *g, const Relative *far, const Relative *both) {
    Mat got = run_relative(both), want = relative_reference(both, RELATIVE_RIGHT);
    double t = relative_score_tolerance(both);
    grade_mistake(g, near_mat(got, relative_reference(both, RELATIVE_SIGN), t),
                  "the distance has the wrong sign: it is the query's position minus the key's");
    grade_mistake(g, near_mat(got, relative_reference(both, RELATIVE_OFFSET), t),
                  "query i was put at position i: the queries stand at the end, at i + S - T");
    grade_mistake(g, near_mat(got, relative_reference(both, RELATIVE_UNSCALED), t),
                  "the scale is missing: the vector is added to the key, so it is scaled like the key");
    grade_near_mat(g, 3, "scores, T = 5, S = 12, both directions", got, want, t);
    got = run_relative(far), want = relative_reference(far, RELATIVE_RIGHT);
    grade_near_mat(g, 1, "scores, causal", got, want, relative_score_tolerance(far));

    Relative masked = *both;
    masked.scores = filled(both->queries, both->keys, -INFINITY);
    got = run_relative(&masked);
    grade_expect(g, 1, near_mat(got, masked.scores, 0), "a masked score became %g, should stay -inf",
                 at(got, 0, 0));
}

static void check_relative_backward(Grade *g, const Relative *r, int q_points, int table_points) {
    RelativeGrad got = run_relative_backward(r), want = relative_grad_reference(r, RELATIVE_RIGHT, START);
    RelativeGrad bare = relative_grad_reference(r, RELATIVE_RIGHT, 0), unscaled, last, mean, sign, offset;
    unscaled = relative_grad_reference(r, RELATIVE_UNSCALED, START);
    last = relative_grad_reference(r, RELATIVE_LAST, START);
    mean = relative_grad_reference(r, RELATIVE_MEAN, START);
    sign = relative_grad_reference(r, RELATIVE_SIGN, START);
    offset = relative_grad_reference(r, RELATIVE_OFFSET, START);
    double t = relative_grad_tolerance(r);
    bool wrong = !near_mat(got.table, want.table, t);  // where T = S, some errors change nothing
    grade_mistake(g, near_mat(got.table, bare.table, t) || near_mat(got.q, bare.q, t),
                  "gradients are added to what is there: +=, not =");
    grade_mistake(
        g, wrong && near_mat(got.table, last.table, t),
        "a bucket has the gradient of its last pair: the pairs of a bucket share a row, sum over them");
    grade_mistake(
        g, wrong && near_mat(got.table, mean.table, t),
        "a bucket has the mean over its pairs: each pair pulls with its full gradient, it is the sum");
    grade_mistake(g, wrong && near_mat(got.table, unscaled.table, t),
                  "backward: the scale is missing; the score has scale q . table");
    grade_mistake(
        g, wrong && near_mat(got.table, sign.table, t),
        "backward: the distance has the wrong sign, so the gradient went to the mirrored buckets");
    grade_mistake(g, wrong && near_mat(got.table, offset.table, t),
                  "backward: query i was put at position i: the queries stand at the end, at i + S - T");
    grade_near_mat(g, table_points, r->causal ? "table_grad, causal" : "table_grad, both directions",
                   got.table, want.table, t);
    grade_mistake(g, near_mat(got.q, filled(r->queries, r->q.cols, START), 0),
                  "q_grad got nothing: the query meets the table too, not only the keys");
    grade_near_mat(g, q_points, r->causal ? "q_grad, causal" : "q_grad, both directions", got.q, want.q, t);
}

static void check_relative(Grade *g) {
    Rng rng = rng_new(51);
    Relative both = relative_new(&rng, 5, 12, 6, 8, 7, false),
             far = relative_new(&rng, 13, 13, 4, 6, 9, true);
    for (int i = 0; i < 13; i++)  // causal: what is masked has no gradient
        for (int j = i + 1; j < 13; j++) *mat_at(far.scores_grad, i, j) = 0;
    check_relative_scores(g, &far, &both);
    check_relative_backward(g, &both, 3, 5);
    check_relative_backward(g, &far, 1, 1);
}

// ---- 6. Linear attention --------------------------------------------------------------------------------

typedef enum {
    LINEAR_RIGHT,
    LINEAR_NO_PHI,  // q . k itself
    LINEAR_ELU,     // without the + 1
    LINEAR_EXP,     // softmax's e^(q . k)
    LINEAR_SUM,     // not divided
    LINEAR_COUNT,   // divided by the number of keys
} LinearRule;

static double feature(double x, LinearRule rule) {
    if (rule == LINEAR_NO_PHI) return x;
    if (rule == LINEAR_ELU) return x > 0 ? x : exp(x) - 1;
    return x > 0 ? x + 1 : exp(x);
}

static double similarity(Mat q, int i, Mat k, int j, LinearRule rule) {
    double sum = 0;
    if (rule == LINEAR_EXP) return exp(dot_rows(q, i, k, j));
    for (int c = 0; c < q.cols; c++) sum += feature(at(q, i, c), rule) * feature(at(k, j, c), rule);
    return sum;
}

// The quadratic form. Query i sees keys from[i] .. to[i] - 1.
static Mat linear_reference(Mat q, Mat k, Mat v, const int *from, const int *to, LinearRule rule) {
    Table out = table_new(q.rows, v.cols);
    for (int i = 0; i < q.rows; i++) {
        double sum = 0, *row = &out.at[(size_t)i * out.cols];
        for (int j = from[i]; j < to[i]; j++) {
            double s = similarity(q, i, k, j, rule);
            sum += rule == LINEAR_SUM ? 0 : rule == LINEAR_COUNT ? 1 : s;
            add_row(out, i, s, v, j);
        }
        for (int c = 0; c < out.cols; c++) row[c] /= rule == LINEAR_SUM ? 1 : sum;
    }
    return mat_of(out, 0);
}

static int *numbers(int n, int first, int step) {
    int *list = allocate((size_t)n, sizeof *list);
    for (int i = 0; i < n; i++) list[i] = first + i * step;
    return list;
}

// phi is positive, so that numerator and denominator are sums of up to S d terms without cancellation by
// sign of the weights: relatively off by (S + d) 2^-24 each, of a mean of values no longer than the
// longest. 8: a state that is a long sum is rounded in float before the query sees it.
static double linear_tolerance(Mat k, Mat v) { return 2 * rounding(k.rows + k.cols + 8, longest_row(v)); }

static void check_linear_full(Grade *g, Rng *rng) {
    Mat q = random_mat(rng, 7, 5), k = random_mat(rng, 19, 5), v = random_mat(rng, 19, 3),
        got = filled(7, 3, 7);
    int *from = numbers(7, 0, 0), *to = numbers(7, 19, 0);
    static const struct {
        LinearRule rule;
        const char *diagnosis;
    } rivals[] = {
        {LINEAR_NO_PHI, "phi is missing: q.k may be negative, and a weight may not"},
        {LINEAR_ELU, "phi has no + 1: elu goes down to -1, elu + 1 stays above 0"},
        {LINEAR_EXP, "these are softmax's weights e^(q.k): here they are phi(q) . phi(k)"},
        {LINEAR_SUM, "not divided: the weights must sum to 1, by phi(q) . (sum of phi(k))"},
        {LINEAR_COUNT,
         "divided by the number of keys: it is the sum of the weights phi(q) . phi(k) that divides"},
    };
    linear_attention(got, q, k, v);
    double t = linear_tolerance(k, v);
    Mat want = linear_reference(q, k, v, from, to, LINEAR_RIGHT);
    bool right = near_mat(got, want, t);
    for (size_t r = 0; r < sizeof rivals / sizeof *rivals; r++) {
        Mat rival = linear_reference(q, k, v, from, to, rivals[r].rule);
        // Without phi the sum that divides nearly cancels, so that rounding is seen much more.
        bool same = near_mat(got, rival, 1e-3 * (1 + longest_row(rival)));
        grade_mistake(g, !right && same, "%s", rivals[r].diagnosis);
    }
    grade_near_mat(g, 5, "all keys: out", got, want, t);
}

static const int CUTS[] = {0, 1, 2, 9, 9, 21, 29};  // calls of 1, 1, 7, 0, 12, 8 tokens
enum { TOKENS = 29, CALLS = sizeof CUTS / sizeof *CUTS - 1 };

static Mat run_linear(LinearState *state, Mat q, Mat k, Mat v, const int *cuts, int calls) {
    Mat out = filled(q.rows, v.cols, 7);
    *state = (LinearState){mat_new(k.cols, v.cols), mat_new(1, k.cols)};
    for (int c = 0; c < calls; c++) {
        int n = cuts[c + 1] - cuts[c];
        linear_attention_causal(state, mat_rows(out, cuts[c], n), mat_rows(q, cuts[c], n),
                                mat_rows(k, cuts[c], n), mat_rows(v, cuts[c], n));
    }
    return out;
}

static void check_linear_cut(Grade *g, Mat q, Mat k, Mat v, Mat want, Mat cut_out) {
    int *begins = allocate(TOKENS, sizeof *begins), *ends = allocate(TOKENS, sizeof *ends);
    for (int c = 0; c < CALLS; c++)
        for (int i = CUTS[c]; i < CUTS[c + 1]; i++) begins[i] = CUTS[c], ends[i] = CUTS[c + 1];
    double t = linear_tolerance(k, v);
    Mat forgot = linear_reference(q, k, v, begins, numbers(TOKENS, 1, 1), LINEAR_RIGHT);
    Mat peeked = linear_reference(q, k, v, numbers(TOKENS, 0, 0), ends, LINEAR_RIGHT);
    grade_mistake(g, near_mat(cut_out, forgot, t),
                  "a new call has forgotten the earlier ones: the state is carried from call to call");
    grade_mistake(g, near_mat(cut_out, peeked, t), "a query sees all keys of its call, later ones too");
    grade_near_mat(g, 5, "causal, in six calls: out", cut_out, want, t);
}

// What the state should hold in the end.
static void check_linear_state(Grade *g, const LinearState *state, Mat k, Mat v) {
    Table values = table_new(k.cols, v.cols), keys = table_new(1, k.cols);
    for (int j = 0; j < k.rows; j++)
        for (int c = 0; c < k.cols; c++) {
            double phi = feature(at(k, j, c), LINEAR_RIGHT);
            keys.at[c] += phi;
            add_row(values, c, phi, v, j);
        }
    double size = sqrt(k.rows) * longest_row(mat_transpose(v)) * (2 + longest_row(k));
    Mat value_sums = mat_of(values, 0), key_sums = mat_of(keys, 0);
    grade_expect(g, 3,
                 near_mat(state->values, value_sums, rounding(k.rows, size)) &&
                     near_mat(state->keys, key_sums, rounding(k.rows, k.rows * (2 + longest_row(k)))),
                 "the state: values(0, 0) is %.5f, should be %.5f; keys(0) is %.5f, should be %.5f",
                 at(state->values, 0, 0), at(value_sums, 0, 0), at(state->keys, 0, 0), at(key_sums, 0, 0));
}

static void check_linear_causal(Grade *g, Rng *rng) {
    Mat q = random_mat(rng, TOKENS, 5), k = random_mat(rng, TOKENS, 5), v = random_mat(rng, TOKENS, 3);
    int whole[] = {0, TOKENS}, *first = numbers(TOKENS, 0, 0), *own = numbers(TOKENS, 0, 1);
    LinearState state, cut_state;
    Mat got = run_linear(&state, q, k, v, whole, 1), rest = mat_rows(got, 1, TOKENS - 1);
    Mat want = linear_reference(q, k, v, first, numbers(TOKENS, 1, 1), LINEAR_RIGHT);
    Mat before = linear_reference(q, k, v, first, own, LINEAR_RIGHT);
    Mat full = linear_reference(q, k, v, first, numbers(TOKENS, TOKENS, 0), LINEAR_RIGHT);
    double t = linear_tolerance(k, v);
    grade_mistake(g, near_mat(rest, mat_rows(before, 1, TOKENS - 1), t),
                  "a query does not see its own key: the state takes k_i in before q_i asks");
    grade_mistake(g, near_mat(got, full, t), "a query sees all keys of its call, later ones too");
    grade_near_mat(g, 5, "causal, in one call: out", got, want, t);
    check_linear_cut(g, q, k, v, want, run_linear(&cut_state, q, k, v, CUTS, CALLS));
    check_linear_state(g, &cut_state, k, v);
}

// The reference, quadratic, on LITTLE tokens is the measure: the recurrence needs about as long for LONG
// tokens, and a quadratic form for LONG tokens visits 24^2 = 576 times as many pairs. So there is room for
// loops 50 times as fast as the reference's, and for a recurrence 8 times as slow as it should be.
static void check_linear_cost(Grade *g, Rng *rng) {
    enum { LITTLE = 1024, LONG = 24 * LITTLE, DIM = 8 };
    Mat q = random_mat(rng, LONG, DIM), k = random_mat(rng, LONG, DIM), v = random_mat(rng, LONG, DIM);
    double begin = cpu_seconds();
    linear_reference(mat_rows(q, 0, LITTLE), k, v, numbers(LITTLE, 0, 0), numbers(LITTLE, 1, 1),
                     LINEAR_RIGHT);
    double own = cpu_seconds() - begin;
    LinearState state;
    int whole[] = {0, LONG};
    begin = cpu_seconds();
    Mat out = run_linear(&state, q, k, v, whole, 1);
    double theirs = cpu_seconds() - begin;
    grade_mistake(g, theirs > 8 * own + 0.05,
                  "right, but %d tokens took %.2f s: the work grows with N^2. Use the state, not all pairs",
                  LONG, theirs);
    grade_expect(g, 2, finite_mat(out) && theirs <= 8 * own + 0.05, "%d tokens: %.2f s, or not finite",
                 LONG, theirs);
}

static void check_linear(Grade *g) {
    Rng rng = rng_new(61);
    check_linear_full(g, &rng);
    check_linear_causal(g, &rng);
    check_linear_cost(g, &rng);
}

static const Problem problems[] = {
    {"1", "Attention sink", 15, 10, check_sink},
    {"2", "Sliding window, backward", 20, 10, check_window},
    {"3", "Choosing RoPE's base", 15, 10, check_base},
    {"4", "From MHA to GQA", 15, 10, check_gqa},
    {"5", "Relative keys", 15, 10, check_relative},
    {"6", "Linear attention", 20, 20, check_linear},
    {0},
};

int main(int argc, char **argv) { return homework_main(argc, argv, "hw02", problems); }
