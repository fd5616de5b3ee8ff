// Problem 2: sliding window, backward.
#include <math.h>
#include <stdlib.h>

#include "ch02_attention/homework/grade.h"
#include "common/error.h"
#include "common/program/homework_numbers.h"

typedef struct {
    int n, window;
    double scale;
    Mat q, k, v, out_grad;
    // the reference's; gradients without START
    Mat weights, out, q_grad, k_grad, v_grad;
} Window;

typedef enum {
    WINDOW_RIGHT,
    WINDOW_NO_D,      // dS = P dP
    WINDOW_NO_EDGE,   // the first W - 1 queries send no gradient
    WINDOW_LAST,      // of all queries that see a key, the last one's gradient alone
    WINDOW_UNSCALED,  // dQ and dK without scale
    WINDOW_TWICE_SCALED,
    WINDOW_D_KEPT,    // D of all queries so far
    WINDOW_D_SO_FAR,  // D of the query's keys so far
    WINDOW_OTHER,     // the wrong matrix: dK from K, dQ from Q, dV by dS
    // dK and dV summed along the band's rows, whose keys are i - w, or all taken for i;
    // or key i's row read as if it were that of query i + w
    WINDOW_ROWS,
    WINDOW_OWN_ROW,
    WINDOW_KEY_ROW,
    // dS
    WINDOW_D_OF_DP,    // D is the sum of dP
    WINDOW_D_BESIDE,   // P dP - D
    WINDOW_D_PLUS,     // P (dP + D)
    WINDOW_DIAGONAL,   // P (1 - P) dP
    WINDOW_NO_P,       // dP - D
    WINDOW_P,          // P itself, for dQ and dK
    WINDOW_DP_ACROSS,  // dP from the key's dO and the query's V
    WINDOW_DP_OWN,     // dP from the query's own V
    // which row goes where
    WINDOW_V_OF_KEY,  // dV from the key's dO, dK from the key's q
    WINDOW_Q_OF_KEY,  // dQ to the key's row
    WINDOW_V_SCALED,  // dV with scale
    WINDOW_V_BY_DS,   // dV from scale dS, what dQ and dK are made with
    WINDOW_D_SCALED,  // D with scale
    WINDOW_D_MEAN,    // D divided by the number of keys
    WINDOW_P_TWICE,   // P^2 (dP - D)
    // the wrong matrix, of its own row: dK from k's row j, dQ from q's, dV from v's
    WINDOW_OTHER_OWN,
    WINDOW_BAND_ROW,    // dK and dV to row w
    WINDOW_V_BY_DP,     // dV from dP
    WINDOW_P_MIRRORED,  // the band read from its other end
    WINDOW_NO_OWN,      // without column 0, without the last that is seen
    WINDOW_NO_OLDEST,
    WINDOW_SHORT,    // column W - 1 left out
    WINDOW_NO_LAST,  // the last query sends nothing
    WINDOW_Q_ALONE,  // dQ from row i of k
    WINDOW_RULES
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
        for (int w = 0; w < seen; w++)
            sum += p[w] = exp(x->scale * dot_rows(x->q, i, x->k, i - w));
        for (int w = 0; w < seen; w++) add_row(out, i, p[w] /= sum, x->v, i - w);
    }
    x->out = mat_of(out, 0), x->weights = mat_of(weights, 0);
}

// To which key's gradient the band's place (i, w) is added, times which query's row.
typedef struct {
    int key, query;
} Target;

static Target target_of(const Window *x, WindowRule rule, int i, int w) {
    Target none = {-1, -1};
    switch (rule) {
        case WINDOW_ROWS: return (Target){i, i - w};
        case WINDOW_OWN_ROW: return (Target){i, i};
        case WINDOW_V_OF_KEY: return (Target){i - w, i - w};
        case WINDOW_BAND_ROW: return (Target){w, i};
        case WINDOW_KEY_ROW: return i + w < x->n ? (Target){i, i + w} : none;
        case WINDOW_LAST:
            return i < min(x->n - 1, i - w + x->window - 1) ? none : (Target){i - w, i};
        default: return (Target){i - w, i};
    }
}

// What the score of place (i, w) is told.
static double score_grad(WindowRule rule, double p, double dp, double d) {
    switch (rule) {
        case WINDOW_NO_D: return p * dp;
        case WINDOW_D_BESIDE: return p * dp - d;
        case WINDOW_D_PLUS: return p * (dp + d);
        case WINDOW_DIAGONAL: return p * (1 - p) * dp;
        case WINDOW_NO_P: return dp - d;
        case WINDOW_P: return p;
        case WINDOW_P_TWICE: return p * p * (dp - d);
        default: return p * (dp - d);
    }
}

static double weight_grad(const Window *x, WindowRule rule, int i, int w) {
    if (rule == WINDOW_DP_ACROSS) return dot_rows(x->out_grad, i - w, x->v, i);
    return dot_rows(x->out_grad, i, x->v, rule == WINDOW_DP_OWN ? i : i - w);
}

static double scale_by(const Window *x, WindowRule rule) {
    return rule == WINDOW_UNSCALED       ? 1
           : rule == WINDOW_TWICE_SCALED ? x->scale * x->scale
                                         : x->scale;
}

// Adds what query i sends: dp[seen] and d are its own.
typedef struct {
    Table dq, dk, dv;
} Sums;

// What multiplies the row of dO in dV.
static double value_weight(WindowRule rule, double scale, double p, double dp,
                           double ds) {
    switch (rule) {
        case WINDOW_OTHER: return ds / scale;
        case WINDOW_V_BY_DS: return ds;
        case WINDOW_V_SCALED: return scale * p;
        case WINDOW_V_BY_DP: return dp;
        default: return p;
    }
}

static void send_pair(const Window *x, WindowRule rule, Sums *to, int i, int w,
                      double ds, double value) {
    bool own = rule == WINDOW_OTHER_OWN, other = own || rule == WINDOW_OTHER;
    bool here = rule == WINDOW_OTHER || rule == WINDOW_Q_ALONE;
    add_row(to->dq, rule == WINDOW_Q_OF_KEY ? i - w : i, ds, other ? x->q : x->k,
            here ? i : i - w);
    Target target = target_of(x, rule, i, w);
    if (target.key < 0) return;
    add_row(to->dv, target.key, value, own ? x->v : x->out_grad, target.query);
    add_row(to->dk, target.key, ds, other ? x->k : x->q, own ? i - w : target.query);
}

static void send_query(const Window *x, WindowRule rule, Sums *to, int i, int seen,
                       const double *dp, double d) {
    double scale = scale_by(x, rule);
    int first = rule == WINDOW_NO_OWN, end = seen - (rule == WINDOW_NO_OLDEST);
    if (rule == WINDOW_SHORT) end = min(end, x->window - 1);
    if (rule == WINDOW_NO_LAST && i == x->n - 1) return;
    for (int w = first; w < end; w++) {
        double p = at(x->weights, i, rule == WINDOW_P_MIRRORED ? seen - 1 - w : w);
        if (rule == WINDOW_D_SO_FAR) d = (w > 0 ? d : 0) + p * dp[w];
        double ds = scale * score_grad(rule, p, dp[w], d);
        send_pair(x, rule, to, i, w, ds, value_weight(rule, scale, p, dp[w], ds));
    }
}

static void window_backward_reference(Window *x, WindowRule rule) {
    Sums to = {table_new(x->n, x->q.cols), table_new(x->n, x->q.cols),
               table_new(x->n, x->v.cols)};
    double *dp = allocate((size_t)x->window, sizeof *dp), d = 0;
    for (int i = rule == WINDOW_NO_EDGE ? x->window - 1 : 0; i < x->n; i++) {
        if (rule != WINDOW_D_KEPT) d = 0;
        int seen = min(x->window, i + 1);
        for (int w = 0; w < seen; w++) {
            dp[w] = weight_grad(x, rule, i, w);
            double weight = rule == WINDOW_D_OF_DP ? 1 : at(x->weights, i, w);
            d += weight * dp[w] * (rule == WINDOW_D_SCALED ? x->scale : 1);
        }
        if (rule == WINDOW_D_MEAN) d /= seen;
        send_query(x, rule, &to, i, seen, dp, d);
    }
    free(dp);
    x->q_grad = mat_of(to.dq, 0), x->k_grad = mat_of(to.dk, 0);
    x->v_grad = mat_of(to.dv, 0);
}

static Window window_by_rule(Window x, WindowRule rule) {
    window_backward_reference(&x, rule);
    return x;
}

typedef struct {
    double weights, out, q_grad, k_grad, v_grad;
} WindowTolerance;

// A score is off by the rounding of a product of d terms; e^score, a weight, relatively
// by twice that. For gradients the weights are given: |dP| <= |dO| |v|, the |dS| of a
// query sum to at most twice that, and a key is seen by W queries.
static WindowTolerance window_tolerance(const Window *x) {
    double score = x->scale * longest_row(x->q) * longest_row(x->k),
           terms = x->q.cols + x->v.cols + 2 * x->window;
    double ds = 2 * longest_row(x->out_grad) * longest_row(x->v) * x->scale,
           weights = 2 * rounding(x->q.cols, score);
    weights += rounding(x->window, 1);
    return (WindowTolerance){
        weights, weights * longest_row(x->v) * sqrt(x->window),
        rounding((int)terms, ds * longest_row(x->k)),
        rounding((int)terms, ds * longest_row(x->q) * x->window),
        rounding((int)terms, longest_row(x->out_grad) * x->window)};
}

typedef struct {
    Mat weights, out, q, k, v;  // q, k, v: gradients
} WindowRun;

static WindowRun run_window_forward(const Window *x) {
    Mat weights = guarded_mat("weights", filled(x->n, x->window, 7)),
        out = guarded_mat("out", filled(x->n, x->v.cols, 7));
    window_attention(out, weights, input_mat("q", x->q), input_mat("k", x->k),
                     input_mat("v", x->v), (real)x->scale);
    return (WindowRun){.weights = kept_mat(weights), .out = kept_mat(out)};
}

// The gradients begin with `start`.
static WindowRun run_window_from(const Window *x, double start) {
    Mat narrow = filled(x->n, x->q.cols, (real)start),
        wide = filled(x->n, x->v.cols, (real)start);
    Mat q_grad = guarded_mat("q_grad", narrow), k_grad = guarded_mat("k_grad", narrow),
        v_grad = guarded_mat("v_grad", wide);
    window_attention_backward(
        q_grad, k_grad, v_grad, input_mat("out_grad", x->out_grad),
        input_mat("weights", x->weights), input_mat("q", x->q), input_mat("k", x->k),
        input_mat("v", x->v), (real)x->scale);
    mat_free(narrow), mat_free(wide);
    return (WindowRun){
        .q = kept_mat(q_grad), .k = kept_mat(k_grad), .v = kept_mat(v_grad)};
}

static WindowRun run_window_backward(const Window *x) {
    return run_window_from(x, START);
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
    for (int j = 0; j < band.cols; j++)
        mat_copy(mat_cols(m, j, 1), mat_cols(band, band.cols - 1 - j, 1));
    return m;
}

// The band with another scale.
static Mat weights_by(Window x, double scale) {
    x.scale = scale;
    window_forward_reference(&x);
    return x.weights;
}

// What was there before is still there, or has been added to.
static void recognise_kept(Grade *g, const Window *x, const WindowRun *got) {
    static const char says[] =
        "%s holds what was there before: = replaces it, so clear "
        "it first";
    Mat added = filled(x->n, x->v.cols, 7);
    mat_add_scaled(added, 1, x->out);
    grade_mistake(g, x->window > 1 && at(got->weights, 0, 1) == 7, "weights-kept", says,
                  "weights");
    grade_mistake(g, near_mat(got->out, added, 0x1p-18), "out-kept", says, "out");
}

// The forward pass with a wrong row of K or V.
typedef enum { ROW_RIGHT, ROW_BAND, ROW_OWN, ROW_FIRST, ROW_MIRRORED } RowRule;

static int row_by(RowRule rule, int i, int w, int seen) {
    return rule == ROW_BAND       ? w
           : rule == ROW_OWN      ? i
           : rule == ROW_FIRST    ? i - seen + 1 + w
           : rule == ROW_MIRRORED ? seen - 1 - w
                                  : i - w;
}

static Window forward_by(Window x, RowRule keys, RowRule values) {
    Table out = table_new(x.n, x.v.cols), weights = table_new(x.n, x.window);
    for (int i = 0; i < x.n; i++) {
        double sum = 0, *p = &weights.at[(size_t)i * x.window];
        int seen = min(x.window, i + 1);
        for (int w = 0; w < seen; w++)
            sum += p[w] =
                exp(x.scale * dot_rows(x.q, i, x.k, row_by(keys, i, w, seen)));
        for (int w = 0; w < seen; w++)
            add_row(out, i, p[w] /= sum, x.v, row_by(values, i, w, seen));
    }
    x.out = mat_of(out, 0), x.weights = mat_of(weights, 0);
    return x;
}

// The band of the scores.
static Mat scores_of(const Window *x) {
    Mat scores = mat_new(x->n, x->window);
    for (int i = 0; i < x->n; i++)
        for (int w = 0; w < x->window && w <= i; w++)
            *mat_at(scores, i, w) = (real)(x->scale * dot_rows(x->q, i, x->k, i - w));
    return scores;
}

// The weights by q_(i-w) . k_i.
static Mat weights_across(Window x) {
    Table weights = table_new(x.n, x.window);
    for (int i = 0; i < x.n; i++) {
        double sum = 0, *p = &weights.at[(size_t)i * x.window];
        int seen = min(x.window, i + 1);
        for (int w = 0; w < seen; w++)
            sum += p[w] = exp(x.scale * dot_rows(x.q, i - w, x.k, i));
        for (int w = 0; w < seen; w++) p[w] /= sum;
    }
    return mat_of(weights, 0);
}

// Added to what was there, or written over it: that is a question of its own.
static bool is_gradient(Mat got, Mat want, double tolerance) {
    return near_mat(got, plus_start(want), tolerance) || near_mat(got, want, tolerance);
}

// ---- The simpler case in which a part of the result is right

typedef enum { PART_WEIGHTS, PART_OUT, PART_Q, PART_K, PART_V } WindowPart;

static const struct {
    int n, window, dim, value_dim;
    double scale;  // 0: as in the check
    const char *code, *says;
} WINDOW_CASES[] = {
    {21, 4, 6, 6, 0, "only-square",
     "right where d and d_v are equal: out, v and their gradients have d_v columns, "
     "q and k have d"},
    {21, 4, 6, 5, 1, "only-scale-1",
     "right where the scale is 1: where does it come in, and how often?"},
    {4, 4, 6, 5, 0, "only-whole",
     "right where the window holds all keys (N = W = 4): with a smaller one, which is "
     "the oldest key of query i, and which is the last query that sees key j?"},
    {21, 2, 6, 5, 0, "only-two-keys",
     "right for windows of two keys: is the sum taken over all W of them?"},
    {21, 1, 6, 5, 0, "only-one-key",
     "right for windows of one key, the query's own, where the weight is 1 and dS is "
     "0: which weight, and which dS, meets the row of which key?"},
    {1, 4, 6, 5, 0, "only-one-query",
     "right for one query, which has one key, wrong for several: which row belongs to "
     "which query, and what is left over from the query before?"},
};

static bool part_is_right(const Window *x, WindowPart part) {
    WindowTolerance t = window_tolerance(x);
    WindowRun got = part <= PART_OUT ? run_window_forward(x) : run_window_backward(x);
    switch (part) {
        case PART_WEIGHTS: return near_mat(got.weights, x->weights, t.weights);
        case PART_OUT: return near_mat(got.out, x->out, t.out);
        case PART_Q: return is_gradient(got.q, x->q_grad, t.q_grad);
        case PART_K: return is_gradient(got.k, x->k_grad, t.k_grad);
        case PART_V: return is_gradient(got.v, x->v_grad, t.v_grad);
    }
    return false;
}

static Window window_solved(int n, int window, int dim, int value_dim, double scale) {
    Rng rng = rng_new(22);
    Window x = window_new(&rng, n, window, dim, value_dim);
    if (scale > 0) x.scale = scale;
    window_forward_reference(&x);
    window_backward_reference(&x, WINDOW_RIGHT);
    return x;
}

// Rows from W on, where queries have all of their W keys, and a key before them.
static void contrast_early(Grade *g, const Window *x, bool right, Mat got, Mat want,
                           double tolerance) {
    int first = x->window, n = x->n - first;
    bool later =
        is_gradient(mat_rows(got, first, n), mat_rows(want, first, n), tolerance);
    grade_contrast(
        g, !right && later, "only-full-windows",
        "right from query W on, wrong among the first: query i < W has i + 1 "
        "keys, also in each of its sums, as in D");
}

static void contrast_window(Grade *g, bool right, WindowPart part) {
    for (int i = 0; i < COUNT_OF(WINDOW_CASES) && !right; i++) {
        Window x = window_solved(WINDOW_CASES[i].n, WINDOW_CASES[i].window,
                                 WINDOW_CASES[i].dim, WINDOW_CASES[i].value_dim,
                                 WINDOW_CASES[i].scale);
        grade_contrast(g, part_is_right(&x, part), WINDOW_CASES[i].code, "%s",
                       WINDOW_CASES[i].says);
    }
}

static void recognise_rows(Grade *g, const Window *x, const WindowRun *got,
                           const WindowTolerance *t) {
    static const struct {
        RowRule rule;
        const char *code, *row;
    } slips[] = {{ROW_BAND, "row-of-the-band", "w"},
                 {ROW_OWN, "row-of-the-query", "i"},
                 {ROW_FIRST, "window-from-its-start", "i - seen + 1 + w"},
                 {ROW_MIRRORED, "row-of-the-band", "counted from the window's end"}};
    for (size_t k = 0; k < sizeof slips / sizeof *slips; k++) {
        Window keys = forward_by(*x, slips[k].rule, ROW_RIGHT),
               values = forward_by(*x, ROW_RIGHT, slips[k].rule);
        grade_mistake(g, near_mat(got->weights, keys.weights, t->weights),
                      slips[k].code,
                      "column w of query i is the weight of key i - w: here key %s was "
                      "read",
                      slips[k].row);
        grade_mistake(
            g, near_mat(got->out, values.out, t->out), slips[k].code,
            "column w of query i is the weight of key i - w: here row %s of v "
            "was added",
            slips[k].row);
    }
    Mat late = weights_by(*x, 1);
    mat_scale(late, (real)x->scale);
    grade_mistake(g, near_mat(got->weights, late, t->weights), "scaled-late",
                  "the scale came after the softmax: it is a factor of the scores");
    grade_mistake(g, near_mat(got->weights, scores_of(x), 4 * t->weights),
                  "scores-for-weights",
                  "weights holds the scores: what softmax makes of them");
    grade_mistake(g, near_mat(got->weights, weights_across(*x), t->weights),
                  "query-and-key-exchanged",
                  "weights: q of the key and k of the query were multiplied: q_i . "
                  "k_(i-w)");
    grade_mistake(g, near_mat(got->weights, weights_by(*x, 1 / x->scale), t->weights),
                  "divided-by-scale", "divided by the scale: a score is scale q . k");
    grade_mistake(
        g, near_mat(got->weights, weights_by(*x, x->scale * x->scale), t->weights),
        "forward-scaled-twice", "weights: the scale came in twice");
}

// What is left of out where each term overwrites the one before.
static Mat last_terms(const Window *x) {
    Table out = table_new(x->n, x->v.cols);
    for (int i = 0; i < x->n; i++) {
        int w = min(x->window, i + 1) - 1;
        add_row(out, i, at(x->weights, i, w), x->v, i - w);
    }
    return mat_of(out, 0);
}

static void check_window_forward(Grade *g, const Window *x) {
    WindowTolerance t = window_tolerance(x);
    WindowRun got = run_window_forward(x);
    double first = exp(x->scale * dot_rows(x->q, 0, x->k, 0)),
           with_ghosts = first / (first + x->window - 1);
    Mat last_column = mat_cols(got.weights, x->window - 1, 1);
    grade_mistake(
        g, near_mat(got.weights, mirrored(x->weights), t.weights), "band-mirrored",
        "the band's columns are the wrong way round: column 0 is the query's own key");
    grade_mistake(g, fabs(at(got.weights, 0, 0) - with_ghosts) <= t.weights,
                  "ghost-keys",
                  "query 0 sees itself alone, so its weight is 1: keys before the "
                  "first have no score, not 0");
    grade_mistake(
        g, near_mat(last_column, mat_new(x->n, 1), 0), "window-short",
        "the window is one key too short: the query itself is one of its W keys");
    grade_mistake(g, near_mat(got.weights, weights_by(*x, 1), t.weights), "unscaled",
                  "weights: the scale is missing");
    Mat late = mat_rows(got.weights, x->window, x->n - x->window);
    grade_mistake(
        g,
        at(got.weights, 0, 0) == 0
            && near_mat(late, mat_rows(x->weights, x->window, late.rows), t.weights),
        "early-short",
        "the first queries see one key too few: query i sees keys 0 .. i, "
        "which is i + 1 of them");
    recognise_kept(g, x, &got);
    Mat last = last_terms(x);
    grade_mistake(g,
                  !near_mat(got.out, x->out, t.out) && near_mat(got.out, last, t.out),
                  "out-last-term",
                  "out holds the last key's term alone: the sum over all keys, +=");
    if (!near_mat(got.weights, x->weights, t.weights)
        || !near_mat(got.out, x->out, t.out))
        recognise_rows(g, x, &got, &t);
    bool right = grade_near_mat(g, 3, "weights", got.weights, x->weights, t.weights);
    contrast_early(g, x, right, got.weights, x->weights, t.weights);
    contrast_window(g, right, PART_WEIGHTS);
    right = grade_near_mat(g, 1, "out", got.out, x->out, t.out);
    contrast_early(g, x, right, got.out, x->out, t.out);
    contrast_window(g, right, PART_OUT);
}

// What a student's backward pass gave, and what each rule would.
typedef struct {
    WindowRun got;
    WindowTolerance tolerance;
    Window by[WINDOW_RULES];
} Backward;

static Backward backward_of(const Window *x) {
    Backward b = {run_window_backward(x), window_tolerance(x), {{0}}};
    for (WindowRule rule = 0; rule < WINDOW_RULES; rule++)
        b.by[rule] = window_by_rule(*x, rule);
    return b;
}

static bool q_by(const Backward *b, WindowRule rule) {
    return is_gradient(b->got.q, b->by[rule].q_grad, b->tolerance.q_grad);
}
static bool k_by(const Backward *b, WindowRule rule) {
    return is_gradient(b->got.k, b->by[rule].k_grad, b->tolerance.k_grad);
}
static bool v_by(const Backward *b, WindowRule rule) {
    return is_gradient(b->got.v, b->by[rule].v_grad, b->tolerance.v_grad);
}

#define BEFORE_THE_FIRST \
    "before-the-first", \
        "rows before the first were read: there is no key i - w below 0, so query i " \
        "has min(W, i + 1) of them"
#define EDGE_SKIPPED \
    "edge-skipped", \
        "the first W - 1 queries sent no gradient: their windows are shorter, not " \
        "empty"
#define LAST_QUERY \
    "last-query", \
        "a key has the gradient of the last query that sees it: it is seen by W " \
        "queries, sum over them"
#define ALONG_ROWS \
    "along-rows", \
        "%s was summed along the band's rows: a row is one query and all its keys. " \
        "The queries of key j are in rows j .. j + W - 1, column i - j"
#define KEY_ROW \
    "key-row", \
        "%s: the weight with which query j + w sees key j is weights(j + w, w), in " \
        "the query's row, not weights(j, w)"

#define OTHER \
    "other-matrix", \
        "dK is made of q, dQ of k, and dV has the weights P themselves: %s is made " \
        "of " \
        "something else"

#define SHORT_WINDOW \
    "column-left-out", \
        "column W - 1 of the band is left out: key j is seen by the queries j .. j + " \
        "W - " \
        "1, which are W"
#define NO_LAST_QUERY \
    "query-left-out", "the last query sent no gradient: there are N, 0 .. N - 1"
#define BAND_ROW \
    "band-row", "%s: place (i, w) of the band belongs to key i - w, not to row w"
#define KEY_LEFT_OUT \
    "key-left-out", \
        "%s: of each query's keys the %s one is left out: they are columns 0, its " \
        "own, " \
        "up to min(W, i + 1) - 1"

#define OF_KEY \
    "row-of-the-key", \
        "%s of key j is made of row i of %s, of each query i that sees it: here row " \
        "j " \
        "was taken"

static bool any_row(const Backward *b, bool (*by)(const Backward *, WindowRule)) {
    return !by(b, WINDOW_RIGHT) && (by(b, WINDOW_ROWS) || by(b, WINDOW_OWN_ROW));
}

static void check_v_grad(Grade *g, const Backward *b) {
    Mat want = plus_start(b->by[WINDOW_RIGHT].v_grad);
    bool right = v_by(b, WINDOW_RIGHT);
    grade_mistake(g, !finite_mat(b->got.v), BEFORE_THE_FIRST);
    grade_mistake(g, v_by(b, WINDOW_NO_EDGE), EDGE_SKIPPED);
    grade_mistake(g, v_by(b, WINDOW_LAST), LAST_QUERY);
    grade_mistake(g, any_row(b, v_by), ALONG_ROWS, "dV");
    grade_mistake(g, v_by(b, WINDOW_KEY_ROW), KEY_ROW, "dV");
    grade_mistake(g, v_by(b, WINDOW_BAND_ROW), BAND_ROW, "dV");
    grade_mistake(g, v_by(b, WINDOW_P_MIRRORED), "band-mirrored",
                  "dV: the band is read from its other end: column w is key i - w");
    grade_mistake(g, v_by(b, WINDOW_NO_OWN), KEY_LEFT_OUT, "dV", "first");
    grade_mistake(g, v_by(b, WINDOW_NO_OLDEST), KEY_LEFT_OUT, "dV", "last");
    grade_mistake(g, v_by(b, WINDOW_SHORT), SHORT_WINDOW);
    grade_mistake(g, v_by(b, WINDOW_NO_LAST), NO_LAST_QUERY);
    bool other = v_by(b, WINDOW_OTHER) || v_by(b, WINDOW_V_BY_DS)
                 || v_by(b, WINDOW_V_BY_DP) || v_by(b, WINDOW_OTHER_OWN);
    grade_mistake(g, other, OTHER, "dV");
    grade_mistake(g, v_by(b, WINDOW_V_OF_KEY), OF_KEY, "dV", "out_grad");
    grade_mistake(
        g, v_by(b, WINDOW_V_SCALED), "v-scaled",
        "dV has no scale: the values are summed with the weights as they are");
    if (right) grade_expect(g, 3, right, "v_grad");
    else grade_near_added(g, 3, "v_grad", b->got.v, want, b->tolerance.v_grad, START);
    contrast_window(g, right, PART_V);
}

#define KEY_SENDS_NOTHING(which) \
    "key-left-out", \
        "of each query's keys the " which \
        " one is left out: they are columns 0, its own, up to min(W, i + 1) - 1"

// A query's dS sum to 0: with one row for all of its keys the products cancel, be it
// v's in dP, which takes both gradients, or k's in dQ.
static void recognise_nothing(Grade *g, const Backward *b) {
    bool q_none = !q_by(b, WINDOW_RIGHT) && q_by(b, WINDOW_DP_OWN),
         k_none = !k_by(b, WINDOW_RIGHT) && k_by(b, WINDOW_DP_OWN);
    grade_mistake(
        g, q_none && k_none, "dp-own-value",
        "dP of query i and key j is dO_i . v_j: here the query's own v was read");
    bool other = k_by(b, WINDOW_OTHER) || k_by(b, WINDOW_OTHER_OWN);
    grade_mistake(g, q_none && !k_none && other, OTHER, "dQ");
    grade_mistake(g, q_none && !k_none && !other, "q-own-key",
                  "dQ is 0: a query's dS sum to 0, so times one and the same row they "
                  "cancel. Each is to meet the row of k of its own key, i - w");
}

static const struct {
    WindowRule rule;
    const char *code, *says;
} SCORE_SLIPS[] = {
    {WINDOW_D_OF_DP, "d-of-gradients",
     "D is the sum of P dP over the window, not of dP"},
    {WINDOW_D_BESIDE, "d-not-weighed",
     "dS = P dP - D: the weight multiplies both, P (dP - D)"},
    {WINDOW_D_PLUS, "d-added", "dS = P (dP + D): D is subtracted"},
    {WINDOW_DIAGONAL, "diagonal-only",
     "dS = P (1 - P) dP: a score changes all weights of its row, so dS = P (dP - "
     "D)"},
    {WINDOW_NO_P, "no-weight", "dS = dP - D: the weight is missing, P (dP - D)"},
    {WINDOW_P, "weights-for-scores",
     "made with the weights P: scores have the gradient dS = P (dP - D)"},
    {WINDOW_D_SCALED, "d-scaled",
     "D has the scale in it, dP has not: dS = P (dP - D), and then the scale, "
     "once"},
    {WINDOW_DP_ACROSS, "dp-across",
     "dP of query i and key j is dO_i . v_j: here query and key are exchanged"},
    {WINDOW_D_MEAN, "d-is-a-mean",
     "D is the sum of P dP, not divided by the number of keys"},
    {WINDOW_P_TWICE, "weight-twice", "P is there twice: dS = P (dP - D)"},
    {WINDOW_P_MIRRORED, "band-mirrored",
     "the band is read from its other end: column w is key i - w"},
    {WINDOW_NO_OWN, KEY_SENDS_NOTHING("first")},
    {WINDOW_NO_OLDEST, KEY_SENDS_NOTHING("last")},
    {WINDOW_SHORT, SHORT_WINDOW},
    {WINDOW_NO_LAST, NO_LAST_QUERY},
    {WINDOW_D_SO_FAR, "d-so-far",
     "D was used before it was complete: it is a sum over all of a query's keys, "
     "so "
     "it takes a loop of its own"},
};

static void recognise_scores(Grade *g, const Backward *b,
                             bool (*by)(const Backward *, WindowRule)) {
    bool finite = finite_mat(b->got.q) && finite_mat(b->got.k);
    grade_mistake(g, !finite, BEFORE_THE_FIRST);
    grade_mistake(g, by(b, WINDOW_NO_EDGE), EDGE_SKIPPED);
    grade_mistake(g, by(b, WINDOW_NO_D), "no-d",
                  "dS = P dP: the softmax's D, the sum of P dP over the window, was "
                  "not subtracted");
    grade_mistake(g, by(b, WINDOW_UNSCALED), "unscaled",
                  "the scale is missing: a score is scale q.k, so dQ and dK both have "
                  "that factor");
    grade_mistake(g, by(b, WINDOW_TWICE_SCALED), "scaled-twice",
                  "the scale came in twice: once in dS or once in the product with it");
    for (size_t i = 0; i < sizeof SCORE_SLIPS / sizeof *SCORE_SLIPS; i++)
        grade_mistake(g, by(b, SCORE_SLIPS[i].rule), SCORE_SLIPS[i].code, "%s",
                      SCORE_SLIPS[i].says);
    grade_mistake(
        g, by(b, WINDOW_D_KEPT), "d-kept",
        "D still holds what the queries before had: each query has its own, set "
        "it to 0");
}

static void check_q_grad(Grade *g, const Backward *b) {
    Mat want = plus_start(b->by[WINDOW_RIGHT].q_grad);
    bool right = q_by(b, WINDOW_RIGHT);
    if (!right) recognise_nothing(g, b);
    recognise_scores(g, b, q_by);
    grade_mistake(g, q_by(b, WINDOW_OTHER) || q_by(b, WINDOW_OTHER_OWN), OTHER, "dQ");
    grade_mistake(
        g, q_by(b, WINDOW_Q_OF_KEY), "row-of-the-key",
        "dQ of query i is the sum over its keys: it goes to row i, not to the "
        "keys' rows");
    if (right) grade_expect(g, 3, right, "q_grad");
    else grade_near_added(g, 3, "q_grad", b->got.q, want, b->tolerance.q_grad, START);
    if (!right)
        contrast_early(g, &b->by[WINDOW_RIGHT], right, b->got.q,
                       b->by[WINDOW_RIGHT].q_grad, b->tolerance.q_grad);
    contrast_window(g, right, PART_Q);
}

static void check_k_grad(Grade *g, const Backward *b) {
    Mat want = plus_start(b->by[WINDOW_RIGHT].k_grad);
    bool right = k_by(b, WINDOW_RIGHT);
    recognise_scores(g, b, k_by);
    grade_mistake(g, k_by(b, WINDOW_LAST), LAST_QUERY);
    grade_mistake(g, any_row(b, k_by), ALONG_ROWS, "dK");
    grade_mistake(g, k_by(b, WINDOW_KEY_ROW), KEY_ROW, "dK");
    grade_mistake(g, k_by(b, WINDOW_BAND_ROW), BAND_ROW, "dK");
    grade_mistake(g, k_by(b, WINDOW_OTHER) || k_by(b, WINDOW_OTHER_OWN), OTHER, "dK");
    grade_mistake(g, k_by(b, WINDOW_V_OF_KEY), OF_KEY, "dK", "q");
    if (right) grade_expect(g, 3, right, "k_grad");
    else grade_near_added(g, 3, "k_grad", b->got.k, want, b->tolerance.k_grad, START);
    contrast_window(g, right, PART_K);
}

// A second run starts from other numbers: what was added differs by that much.
static bool adds(Mat from_zero, Mat from_start, double tolerance) {
    return near_mat(plus_start(from_zero), from_start, 2 * tolerance);
}

static void check_added(Grade *g, const Window *x, const Backward *b) {
    WindowTolerance t = b->tolerance;
    WindowRun zero = run_window_from(x, 0);
    bool good = adds(zero.q, b->got.q, t.q_grad) && adds(zero.k, b->got.k, t.k_grad)
                && adds(zero.v, b->got.v, t.v_grad);
    // Overwritten: the same numbers, whatever was there.
    bool overwritten = near_mat(zero.q, b->got.q, t.q_grad)
                       || near_mat(zero.k, b->got.k, t.k_grad)
                       || near_mat(zero.v, b->got.v, t.v_grad);
    grade_mistake(g, !good && overwritten, "assigns",
                  "gradients are added to what is there: +=, not =");
    grade_expect(
        g, 2, good,
        "the gradients begin with %g everywhere, and that must be in the result",
        START);
}

// A window of the query alone, and one longer than the sequence.
static bool extreme_window_fits(Rng *rng, int n, int window) {
    Window x = window_new(rng, n, window, 3, 4);
    window_forward_reference(&x);
    window_backward_reference(&x, WINDOW_RIGHT);
    WindowTolerance t = window_tolerance(&x);
    WindowRun forward = run_window_forward(&x), backward = run_window_backward(&x);
    return near_mat(forward.weights, x.weights, t.weights)
           && near_mat(forward.out, x.out, t.out)
           && is_gradient(backward.q, x.q_grad, t.q_grad)
           && is_gradient(backward.k, x.k_grad, t.k_grad)
           && is_gradient(backward.v, x.v_grad, t.v_grad);
}

// N x N floats would be 256 MB; even if only the band of them were touched, in pages of
// 4 KB, 32 MB. What is allowed is a few times N (W + d + d_v) numbers, 1 MB. And N x N
// products take at least 100 times as long as the band's.
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
    grade_mistake(g, used > MOST_MEGABYTES, "square-memory",
                  "N = %d, W = %d took %.0f MB: an N x N matrix? The band has 0.5 MB",
                  N, WINDOW, used);
    grade_expect(g, 2, used <= MOST_MEGABYTES, "N = %d, W = %d took %.0f MB", N, WINDOW,
                 used);
    grade_expect(g, 1, theirs <= 20 * own + 0.05,
                 "N = %d, W = %d took %.2f s: are all N x N pairs visited? The band's "
                 "take 0.01 s",
                 N, WINDOW, theirs);
}

static void check_extremes(Grade *g, Rng *rng) {
    bool one = extreme_window_fits(rng, 7, 1), longer = extreme_window_fits(rng, 5, 9);
    grade_expect(g, 2, one && longer,
                 "N = 7, W = 1 or N = 5, W = 9: a window of one key, or one longer "
                 "than the sequence");
    grade_contrast(g, longer, "only-longer",
                   "right where the window is longer than the sequence, wrong where it "
                   "holds one key, the query's own: column 0 of the band");
    grade_contrast(
        g, one, "only-one-key",
        "right where the window holds one key, wrong where it is longer than "
        "the sequence: there query i has i + 1 keys, the last one too");
}

// Whoever takes d for d_v passes the end of an array: that it is so is said.
static Backward backward_in_case(Grade *g, const Window *x) {
    Window square = window_solved(x->n, x->window, x->q.cols, x->q.cols, 0);
    if (part_is_right(&square, PART_V))
        grade_case(g,
                   "right where d and d_v are both 6, but with d = 6, d_v = 5 (q and "
                   "k have d columns, v, out and their gradients d_v)");
    Backward b = backward_of(x);
    grade_case(g, NULL);
    return b;
}

void check_window(Grade *g) {
    Rng rng = rng_new(21);
    Window x = window_new(&rng, 21, 4, 6, 5);
    window_forward_reference(&x);
    window_backward_reference(&x, WINDOW_RIGHT);
    grade_part(g, check_window_forward(g, &x));
    static Backward b;  // a stub ends its part, and longjmp would lose a local one
    grade_part(g, b = backward_in_case(g, &x));
    if (!b.got.q.at) return;
    grade_part(g, check_v_grad(g, &b));
    grade_part(g, check_q_grad(g, &b));
    grade_part(g, check_k_grad(g, &b));
    grade_part(g, check_added(g, &x, &b));
    grade_part(g, check_extremes(g, &rng));
    grade_part(g, check_window_cost(g, &rng));
}
