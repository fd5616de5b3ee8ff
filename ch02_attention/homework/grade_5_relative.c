// Problem 5: relative keys.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ch02_attention/homework/grade.h"
#include "common/error.h"

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
    RELATIVE_MEAN,       // a bucket's mean instead of its sum
    RELATIVE_DIRECTION,  // causal for not causal
    RELATIVE_LAST,       // a bucket's last pair, not added to what was there
} RelativeRule;

static Relative relative_new(Rng *rng, int queries, int keys, int dim, int buckets,
                             int furthest, bool causal) {
    Relative r = {queries, keys, buckets, furthest, causal, .scale = 1 / sqrt(dim)};
    r.q = random_mat(rng, queries, dim), r.table = random_mat(rng, buckets, dim);
    r.scores = random_mat(rng, queries, keys),
    r.scores_grad = random_mat(rng, queries, keys);
    return r;
}

static int relative_bucket(const Relative *r, int i, int j, RelativeRule rule) {
    int distance = i + (rule == RELATIVE_OFFSET ? 0 : r->keys - r->queries) - j;
    return t5_bucket(rule == RELATIVE_SIGN ? -distance : distance, r->buckets,
                     r->furthest, r->causal != (rule == RELATIVE_DIRECTION));
}

static Mat relative_reference(const Relative *r, RelativeRule rule) {
    Mat scores = mat_new(r->queries, r->keys);
    double scale = rule == RELATIVE_UNSCALED ? 1 : r->scale;
    for (int i = 0; i < r->queries; i++)
        for (int j = 0; j < r->keys; j++)
            *mat_at(scores, i, j) =
                (real)(at(r->scores, i, j)
                       + scale
                             * dot_rows(r->q, i, r->table,
                                        relative_bucket(r, i, j, rule)));
    return scores;
}

typedef struct {
    Mat q, table;
} RelativeGrad;

static RelativeGrad relative_grad_reference(const Relative *r, RelativeRule rule,
                                            double start) {
    Table q = table_new(r->queries, r->q.cols),
          table = table_new(r->buckets, r->q.cols);
    double scale = rule == RELATIVE_UNSCALED ? 1 : r->scale;
    int *pairs = allocate((size_t)r->buckets, sizeof *pairs);
    for (int i = 0; i < r->queries; i++)
        for (int j = 0; j < r->keys; j++) {
            int bucket = relative_bucket(r, i, j, rule);
            double *row = &table.at[bucket * table.cols];
            for (int c = 0; c < table.cols && rule == RELATIVE_LAST; c++)
                row[c] = -start;
            add_row(q, i, scale * at(r->scores_grad, i, j), r->table, bucket);
            add_row(table, bucket, scale * at(r->scores_grad, i, j), r->q, i);
            pairs[bucket]++;
        }
    for (int b = 0; b < r->buckets && rule == RELATIVE_MEAN; b++)
        for (int c = 0; c < table.cols; c++)
            table.at[b * table.cols + c] /= pairs[b] ? pairs[b] : 1;
    free(pairs);
    return (RelativeGrad){mat_of(q, start), mat_of(table, start)};
}

static Mat run_relative(const Relative *r) {
    Mat scores = guarded_mat("scores", r->scores);
    relative_scores(scores, guarded_mat("q", r->q), guarded_mat("table", r->table),
                    (real)r->scale, r->furthest, r->causal);
    return kept_mat(scores);
}

// The gradients begin with `start`.
static RelativeGrad run_relative_from(const Relative *r, double start) {
    Mat q_grad = guarded_mat("q_grad", filled(r->queries, r->q.cols, (real)start)),
        table_grad =
            guarded_mat("table_grad", filled(r->buckets, r->q.cols, (real)start));
    relative_scores_backward(q_grad, table_grad,
                             guarded_mat("scores_grad", r->scores_grad),
                             guarded_mat("q", r->q), guarded_mat("table", r->table),
                             (real)r->scale, r->furthest, r->causal);
    return (RelativeGrad){kept_mat(q_grad), kept_mat(table_grad)};
}

static RelativeGrad run_relative_backward(const Relative *r) {
    return run_relative_from(r, START);
}

// A score: d products, |q| |table row|. Gradients: at most T S terms, their sizes by
// Cauchy and Schwarz.
static double relative_score_tolerance(const Relative *r) {
    return rounding(r->q.cols,
                    4 + r->scale * longest_row(r->q) * longest_row(r->table));
}
static double relative_grad_tolerance(const Relative *r) {
    int pairs = r->queries * r->keys;
    double rows = fmax(longest_row(r->q), longest_row(r->table));
    return rounding(
        pairs, START + r->scale * sqrt(pairs) * longest_row(r->scores_grad) * rows);
}

#define DIRECTION \
    "`causal` has no say: it tells t5_bucket whether half of the buckets are for " \
    "keys " \
    "after the query"

static void check_relative_scores(Grade *g, const Relative *far, const Relative *both) {
    Mat got = run_relative(both), want = relative_reference(both, RELATIVE_RIGHT);
    double t = relative_score_tolerance(both);
    grade_mistake(
        g, near_mat(got, relative_reference(both, RELATIVE_SIGN), t), "sign",
        "the distance has the wrong sign: it is the query's position minus the key's");
    grade_mistake(
        g, near_mat(got, relative_reference(both, RELATIVE_OFFSET), t), "offset",
        "query i was put at position i: the queries stand at the end, at i + S - T");
    grade_mistake(g, near_mat(got, relative_reference(both, RELATIVE_UNSCALED), t),
                  "unscaled",
                  "the scale is missing: the vector is added to the key, so it is "
                  "scaled like the key");
    Mat alone = mat_new(got.rows, got.cols);
    mat_copy(alone, want), mat_add_scaled(alone, -1, both->scores);
    grade_mistake(g, near_mat(got, alone, 2 * t), "scores-assigned",
                  "the scores that were there are gone: it is +=, not =");
    grade_mistake(g, near_mat(got, relative_reference(both, RELATIVE_DIRECTION), t),
                  "direction", DIRECTION);
    grade_near_mat(g, 3, "scores, T = 5, S = 12, both directions", got, want, t);
    got = run_relative(far), want = relative_reference(far, RELATIVE_RIGHT);
    grade_mistake(g,
                  near_mat(got, relative_reference(far, RELATIVE_DIRECTION),
                           relative_score_tolerance(far)),
                  "direction", DIRECTION);
    grade_near_mat(g, 1, "scores, causal", got, want, relative_score_tolerance(far));

    Relative masked = *both;
    masked.scores = filled(both->queries, both->keys, -INFINITY);
    got = run_relative(&masked);
    grade_expect(g, 1, near_mat(got, masked.scores, 0),
                 "a masked score became %g, should stay -inf", at(got, 0, 0));
}

// Added to what was there, or written over it: that is a question of its own.
static bool is_gradient(Mat got, Mat want, double tolerance) {
    Mat bare = filled(want.rows, want.cols, (real)-START);
    mat_add_scaled(bare, 1, want);
    return near_mat(got, want, tolerance) || near_mat(got, bare, tolerance);
}

static void check_relative_backward(Grade *g, const Relative *r, int q_points,
                                    int table_points) {
    static const struct {
        RelativeRule rule;
        const char *code, *says;
    } mistakes[] = {
        {RELATIVE_LAST, "last-pair",
         "a bucket has the gradient of its last pair: the pairs of a bucket share a "
         "row, "
         "sum over them"},
        {RELATIVE_MEAN, "mean",
         "a bucket has the mean over its pairs: each pair pulls with its full "
         "gradient, "
         "it is the sum"},
        {RELATIVE_UNSCALED, "backward-unscaled",
         "backward: the scale is missing; the score has scale q . table"},
        {RELATIVE_SIGN, "backward-sign",
         "backward: the distance has the wrong sign, so the gradient went to the "
         "mirrored "
         "buckets"},
        {RELATIVE_DIRECTION, "backward-direction", DIRECTION},
        {RELATIVE_OFFSET, "backward-offset",
         "backward: query i was put at position i: the queries stand at the end, at i "
         "+ S "
         "- T"},
    };
    RelativeGrad got = run_relative_backward(r),
                 want = relative_grad_reference(r, RELATIVE_RIGHT, START);
    double t = relative_grad_tolerance(r);
    // where T = S, some errors change nothing
    bool right = is_gradient(got.table, want.table, t);
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        RelativeGrad slip = relative_grad_reference(r, mistakes[i].rule, START);
        grade_mistake(g, !right && is_gradient(got.table, slip.table, t),
                      mistakes[i].code, "%s", mistakes[i].says);
    }
    const char *kind = r->causal ? "causal" : "both directions";
    char what[40];
    snprintf(what, sizeof what, "table_grad, %s", kind);
    if (right) grade_expect(g, table_points, right, "%s", what);
    else grade_near_mat(g, table_points, what, got.table, want.table, t);
    grade_mistake(
        g, near_mat(got.q, filled(r->queries, r->q.cols, START), 0),
        "no-query-gradient",
        "q_grad got nothing: the query meets the table too, not only the keys");
    snprintf(what, sizeof what, "q_grad, %s", kind);
    if (is_gradient(got.q, want.q, t)) grade_expect(g, q_points, true, "%s", what);
    else grade_near_mat(g, q_points, what, got.q, want.q, t);
}

static void check_relative_added(Grade *g, const Relative *r) {
    RelativeGrad got = run_relative_backward(r);
    RelativeGrad zero = run_relative_from(r, 0);
    Mat q = kept_mat(zero.q), table = kept_mat(zero.table);
    mat_add_scaled(q, 1, filled(q.rows, q.cols, START));
    mat_add_scaled(table, 1, filled(table.rows, table.cols, START));
    double t = 2 * relative_grad_tolerance(r);
    bool good = near_mat(got.q, q, t) && near_mat(got.table, table, t);
    // Overwritten: the same numbers, whatever was there.
    bool overwritten = near_mat(got.q, zero.q, t) || near_mat(got.table, zero.table, t);
    grade_mistake(g, !good && overwritten, "assigns",
                  "gradients are added to what is there: +=, not =");
    grade_expect(
        g, 2, good,
        "the gradients begin with %g everywhere, and that must be in the result",
        START);
}

void check_relative(Grade *g) {
    Rng rng = rng_new(51);
    Relative both = relative_new(&rng, 5, 12, 6, 8, 7, false),
             far = relative_new(&rng, 13, 13, 4, 8, 9, true);
    for (int i = 0; i < 13; i++)  // causal: what is masked has no gradient
        for (int j = i + 1; j < 13; j++) *mat_at(far.scores_grad, i, j) = 0;
    grade_part(g, check_relative_scores(g, &far, &both));
    grade_part(g, check_relative_backward(g, &both, 2, 4));
    grade_part(g, check_relative_backward(g, &far, 1, 1));
    grade_part(g, check_relative_added(g, &both));
}
