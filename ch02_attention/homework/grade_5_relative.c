// Problem 5: relative keys.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ch02_attention/homework/grade.h"
#include "common/error.h"
#include "common/program/homework_numbers.h"

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
    RELATIVE_MEAN,        // a bucket's mean instead of its sum
    RELATIVE_DIRECTION,   // causal for not causal
    RELATIVE_LAST,        // a bucket's last pair, not added to what was there
    RELATIVE_ABSOLUTE,    // |distance|
    RELATIVE_SHIFT_SIGN,  // i + T - S
    RELATIVE_ONE_MORE,    // one position late
    RELATIVE_KEYS,        // i + S
    RELATIVE_BUCKETS,     // furthest is the number of buckets
    RELATIVE_TWICE,       // scale twice
    RELATIVE_BY_SCALE,    // divided by the scale
    RELATIVE_MINUS,       // subtracted
    RELATIVE_CLAMPED,     // keys ahead at distance 0
    RELATIVE_ONE_LESS,
    RELATIVE_HALF,           // half of the buckets
    RELATIVE_CLIPPED,        // the distance itself, up to the last bucket
    RELATIVE_SQUARE,         // keys 0 .. T - 1 alone
    RELATIVE_LOWER,          // keys 0 .. i alone
    RELATIVE_BEHIND,         // no keys ahead
    RELATIVE_SHORT,          // all keys but the last
    RELATIVE_NO_FIRST,       // all but the first
    RELATIVE_NO_LAST_QUERY,  // all queries but the last
    RELATIVE_NO_FIRST_QUERY,
    RELATIVE_ONE_QUERY,  // the first alone
    RELATIVE_LAST_KEY,   // i + S - 1
    RELATIVE_AFTER,      // keys after i alone, with i or without
    RELATIVE_FROM_OWN,
    RELATIVE_NO_BUCKET_0,
    RELATIVE_FAR_MORE,  // furthest + 1, furthest - 1
    RELATIVE_FAR_LESS,
    RELATIVE_OTHER,  // backward: each of the two gradients from its own matrix
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
    int shift = r->keys - r->queries, buckets = r->buckets, furthest = r->furthest;
    if (rule == RELATIVE_OFFSET) shift = 0;
    if (rule == RELATIVE_SHIFT_SIGN) shift = -shift;
    if (rule == RELATIVE_ONE_MORE) shift++;
    if (rule == RELATIVE_ONE_LESS) shift--;
    if (rule == RELATIVE_KEYS) shift = r->keys;
    if (rule == RELATIVE_LAST_KEY) shift = r->keys - 1;
    if (rule == RELATIVE_BUCKETS) furthest = buckets;
    if (rule == RELATIVE_HALF) buckets /= 2;
    if (rule == RELATIVE_FAR_MORE) furthest++;
    if (rule == RELATIVE_FAR_LESS) furthest--;
    int distance = i + shift - j;
    if (rule == RELATIVE_CLIPPED) return min(abs(distance), buckets - 1);
    if (rule == RELATIVE_ABSOLUTE) distance = abs(distance);
    if (rule == RELATIVE_CLAMPED && distance < 0) distance = 0;
    if (rule == RELATIVE_SIGN) distance = -distance;
    return t5_bucket(distance, buckets, furthest,
                     r->causal != (rule == RELATIVE_DIRECTION));
}

// Whether query i meets key j at all.
static bool meets(const Relative *r, RelativeRule rule, int i, int j) {
    switch (rule) {
        case RELATIVE_SQUARE: return j < r->queries;
        case RELATIVE_LOWER: return j <= i;
        case RELATIVE_BEHIND: return j <= i + r->keys - r->queries;
        case RELATIVE_SHORT: return j < r->keys - 1;
        case RELATIVE_NO_FIRST: return j > 0;
        case RELATIVE_NO_LAST_QUERY: return i < r->queries - 1;
        case RELATIVE_NO_FIRST_QUERY: return i > 0;
        case RELATIVE_ONE_QUERY: return i == 0;
        case RELATIVE_AFTER: return j > i;
        case RELATIVE_FROM_OWN: return j >= i;
        case RELATIVE_NO_BUCKET_0: return relative_bucket(r, i, j, RELATIVE_RIGHT) != 0;
        default: return true;
    }
}

static double relative_scale(const Relative *r, RelativeRule rule) {
    return rule == RELATIVE_UNSCALED   ? 1
           : rule == RELATIVE_TWICE    ? r->scale * r->scale
           : rule == RELATIVE_BY_SCALE ? 1 / r->scale
           : rule == RELATIVE_MINUS    ? -r->scale
                                       : r->scale;
}

static Mat relative_reference(const Relative *r, RelativeRule rule) {
    Mat scores = mat_new(r->queries, r->keys);
    double scale = relative_scale(r, rule);
    for (int i = 0; i < r->queries; i++)
        for (int j = 0; j < r->keys; j++)
            *mat_at(scores, i, j) =
                (real)(at(r->scores, i, j)
                       + (meets(r, rule, i, j) ? scale : 0)
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
    bool other = rule == RELATIVE_OTHER;
    double scale = relative_scale(r, rule);
    int *pairs = allocate((size_t)r->buckets, sizeof *pairs);
    for (int i = 0; i < r->queries; i++)
        for (int j = 0; j < r->keys; j++) {
            if (!meets(r, rule, i, j)) continue;
            int bucket = relative_bucket(r, i, j, rule);
            double *row = &table.at[bucket * table.cols];
            for (int c = 0; c < table.cols && rule == RELATIVE_LAST; c++)
                row[c] = -start;
            double pull = scale * at(r->scores_grad, i, j);
            add_row(q, i, pull, other ? r->q : r->table, other ? i : bucket);
            add_row(table, bucket, pull, other ? r->table : r->q, other ? bucket : i);
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
    relative_scores(scores, input_mat("q", r->q), input_mat("table", r->table),
                    (real)r->scale, r->furthest, r->causal);
    return kept_mat(scores);
}

// The gradients begin with `start`.
static RelativeGrad run_relative_from(const Relative *r, double start) {
    Mat q_grad = guarded_mat("q_grad", filled(r->queries, r->q.cols, (real)start)),
        table_grad =
            guarded_mat("table_grad", filled(r->buckets, r->q.cols, (real)start));
    relative_scores_backward(q_grad, table_grad,
                             input_mat("scores_grad", r->scores_grad),
                             input_mat("q", r->q), input_mat("table", r->table),
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
    "t5_bucket was given the other value of `causal`, which says whether half of the " \
    "buckets are for keys after the query"

static const struct {
    RelativeRule rule;
    const char *code, *says;
} RELATIVE_SLIPS[] = {
    {RELATIVE_SIGN, "sign",
     "the distance has the wrong sign: it is the query's position minus the key's"},
    {RELATIVE_OFFSET, "offset",
     "query i was put at position i: the queries stand at the end, at i + S - T"},
    {RELATIVE_UNSCALED, "unscaled",
     "the scale is missing: the vector is added to the key, so it is scaled like the "
     "key"},
    {RELATIVE_DIRECTION, "direction", DIRECTION},
    {RELATIVE_CLIPPED, "clipped",
     "the distance itself was taken for the bucket: t5_bucket says which it is"},
    {RELATIVE_SHORT, "last-key", "the last key is left out: there are S, 0 .. S - 1"},
    {RELATIVE_NO_FIRST, "first-key", "the first key is left out: keys count from 0"},
    {RELATIVE_NO_LAST_QUERY, "query-left-out",
     "the last query is left out: there are T, 0 .. T - 1"},
    {RELATIVE_NO_FIRST_QUERY, "query-left-out",
     "the first query is left out: queries count from 0"},
    {RELATIVE_ONE_QUERY, "query-left-out",
     "the first query alone was looked at: there are T"},
    {RELATIVE_LAST_KEY, "shift-of-keys",
     "query i has the position i + S - T, not i + S - 1"},
    {RELATIVE_SQUARE, "keys-left-out",
     "keys from T on are left out: there are T queries and S keys"},
    {RELATIVE_BEHIND, "ahead-left-out",
     "keys ahead of the query are left out: they have a bucket too, and what is masked "
     "is -inf already, causal or not"},
    {RELATIVE_LOWER, "keys-left-out",
     "keys after i are left out: all S have a bucket, and query i is not at position "
     "i"},
    {RELATIVE_AFTER, "keys-left-out",
     "keys up to i are left out: all S have a bucket, and query i is not at position "
     "i"},
    {RELATIVE_FROM_OWN, "keys-left-out",
     "keys before i are left out: all S have a bucket, and query i is not at position "
     "i"},
    {RELATIVE_NO_BUCKET_0, "bucket-left-out",
     "keys in bucket 0 are left out: it is a bucket like the others"},
    {RELATIVE_FAR_MORE, "other-furthest",
     "t5_bucket was given furthest + 1: `furthest`, as it is"},
    {RELATIVE_FAR_LESS, "other-furthest",
     "t5_bucket was given furthest - 1: `furthest`, as it is"},
    {RELATIVE_BUCKETS, "furthest-is-buckets",
     "t5_bucket was given the number of buckets for `furthest`, or the two exchanged"},
    {RELATIVE_ABSOLUTE, "absolute",
     "the distance has lost its sign: keys after the query have buckets of their own"},
    {RELATIVE_CLAMPED, "clamped",
     "distances below 0 were taken for 0: t5_bucket knows what to do with keys ahead"},
    {RELATIVE_SHIFT_SIGN, "shift-sign",
     "the shift has the wrong sign: query i has the position i + S - T"},
    {RELATIVE_KEYS, "shift-of-keys", "query i has the position i + S - T, not i + S"},
    {RELATIVE_ONE_MORE, "one-off", "the distance is one too large: i + S - T - j"},
    {RELATIVE_ONE_LESS, "one-off", "the distance is one too small: i + S - T - j"},
    {RELATIVE_TWICE, "scaled-twice", "the scale came in twice"},
    {RELATIVE_BY_SCALE, "divided-by-scale", "divided by the scale: multiplied by it"},
    {RELATIVE_MINUS, "subtracted", "scores += scale q . table: here it was subtracted"},
    {RELATIVE_HALF, "half-the-buckets",
     "t5_bucket was given half of the buckets: it halves them itself where not causal"},
};

static bool any_masked(Mat m) {
    for (int i = 0; i < m.rows; i++)
        for (int j = 0; j < m.cols; j++)
            if (at(m, i, j) == -INFINITY) return true;
    return false;
}

static void recognise_relative(Grade *g, const Relative *r, Mat got, Mat want,
                               double tolerance) {
    if (near_mat(got, want, tolerance)) return;
    grade_mistake(
        g, any_masked(got), "masks",
        "scores became -inf that were not: what is masked is so already, this "
        "function adds a term to each");
    for (size_t i = 0; i < sizeof RELATIVE_SLIPS / sizeof *RELATIVE_SLIPS; i++) {
        Mat slip = relative_reference(r, RELATIVE_SLIPS[i].rule);
        grade_mistake(g, near_mat(got, slip, tolerance), RELATIVE_SLIPS[i].code, "%s",
                      RELATIVE_SLIPS[i].says);
    }
}

// Added to what was there, or written over it: that is a question of its own.
static bool is_gradient(Mat got, Mat want, double tolerance) {
    Mat bare = filled(want.rows, want.cols, (real)-START);
    mat_add_scaled(bare, 1, want);
    return near_mat(got, want, tolerance) || near_mat(got, bare, tolerance);
}

// ---- The simpler case in which a part of the result is right

typedef enum { PART_SCORES, PART_TABLE, PART_QUERY } RelativePart;

static const struct {
    int queries, keys;
    double scale;  // 0: as in the check
    bool causal;
    const char *code, *says;
} RELATIVE_CASES[] = {
    {5, 12, 0, false, "only-no-zero",
     "right where no gradient is 0: one of 0, as that of a masked score, ends nothing, "
     "others come after it"},
    {5, 12, 1, false, "only-scale-1",
     "right where the scale is 1: where does it come in, and how often?"},
    {12, 12, 0, false, "only-as-many-keys",
     "right where T = S: which of the two is counted where, and at which position is "
     "query i?"},
    {1, 12, 0, false, "only-one-query",
     "right for one query, wrong for several: what is left over from the query before, "
     "and what do all of them add to?"},
    {3, 3, 0, false, "only-own-buckets",
     "right where the keys of a query have a bucket each (T = S = 3): of several keys "
     "in "
     "one bucket, all count"},
    {5, 12, 0, true, "only-causal",
     "right where causal: there keys ahead have no buckets of their own"},
    {1, 1, 0, false, "only-one-key",
     "right for one query and one key, at distance 0: which bucket belongs to which "
     "distance, and which row to which?"},
};

static bool relative_right(const Relative *r, RelativePart part) {
    if (part == PART_SCORES)
        return near_mat(run_relative(r), relative_reference(r, RELATIVE_RIGHT),
                        relative_score_tolerance(r));
    RelativeGrad got = run_relative_backward(r),
                 want = relative_grad_reference(r, RELATIVE_RIGHT, START);
    double t = relative_grad_tolerance(r);
    return part == PART_TABLE ? is_gradient(got.table, want.table, t)
                              : is_gradient(got.q, want.q, t);
}

static void contrast_relative(Grade *g, bool right, RelativePart part) {
    for (int i = 0; i < COUNT_OF(RELATIVE_CASES) && !right; i++) {
        Rng rng = rng_new(52);
        Relative r =
            relative_new(&rng, RELATIVE_CASES[i].queries, RELATIVE_CASES[i].keys, 6, 8,
                         7, RELATIVE_CASES[i].causal);
        if (RELATIVE_CASES[i].scale > 0) r.scale = RELATIVE_CASES[i].scale;
        grade_contrast(g, relative_right(&r, part), RELATIVE_CASES[i].code, "%s",
                       RELATIVE_CASES[i].says);
    }
}

static void check_relative_scores(Grade *g, const Relative *far, const Relative *both) {
    Mat got = run_relative(both), want = relative_reference(both, RELATIVE_RIGHT);
    double t = relative_score_tolerance(both);
    recognise_relative(g, both, got, want, t);
    Mat alone = mat_new(got.rows, got.cols);
    mat_copy(alone, want), mat_add_scaled(alone, -1, both->scores);
    Mat scaled = mat_new(got.rows, got.cols);
    mat_copy(scaled, alone), mat_add_scaled(scaled, (real)both->scale, both->scores);
    grade_mistake(
        g, near_mat(got, scaled, 2 * t), "scores-scaled",
        "the scores that were there were scaled too: the scale is that of q . "
        "table, theirs is in them");
    grade_mistake(g, near_mat(got, alone, 2 * t), "scores-assigned",
                  "the scores that were there are gone: it is +=, not =");
    contrast_relative(
        g, grade_near_mat(g, 3, "scores, T = 5, S = 12, both directions", got, want, t),
        PART_SCORES);
    got = run_relative(far), want = relative_reference(far, RELATIVE_RIGHT);
    recognise_relative(g, far, got, want, relative_score_tolerance(far));
    bool right = grade_near_mat(g, 1, "scores, causal", got, want,
                                relative_score_tolerance(far));
    grade_contrast(
        g, !right && relative_right(both, PART_SCORES), "only-both-directions",
        "right for both directions, wrong where causal: there keys are further "
        "away, up to `furthest` and beyond; and is `causal` asked for anything "
        "but by t5_bucket?");

    Relative masked = *both;
    masked.scores = filled(both->queries, both->keys, -INFINITY);
    got = run_relative(&masked);
    grade_mistake(
        g, isnan(at(got, 0, 0)), "masked-nan",
        "a masked score became NaN: 0 x -inf, and -inf - -inf, are no numbers. "
        "-inf + a number is -inf, so the term is added to the score as it is");
    grade_expect(g, 1, near_mat(got, masked.scores, 0),
                 "a masked score became %g, should stay -inf", at(got, 0, 0));
}

static const struct {
    RelativeRule rule;
    const char *code, *says;
} BACKWARD_SLIPS[] = {
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
    {RELATIVE_OTHER, "other-matrix",
     "table_grad is made of the queries and q_grad of the table: here each is made of "
     "its own"},
};

// Only query i sends a gradient.
static Relative from_query(const Relative *r, int i) {
    Relative alone = *r;
    alone.scores_grad = mat_new(r->queries, r->keys);
    mat_copy(mat_rows(alone.scores_grad, i, 1), mat_rows(r->scores_grad, i, 1));
    return alone;
}

// Whether what the first query sends comes to the ones after it as well, while what the
// last one sends goes where it should.
static bool sums_are_kept(const Relative *r, double t) {
    Relative first = from_query(r, 0), last = from_query(r, r->queries - 1);
    RelativeGrad early = run_relative_backward(&first),
                 late = run_relative_backward(&last),
                 want_early = relative_grad_reference(&first, RELATIVE_RIGHT, START),
                 want_late = relative_grad_reference(&last, RELATIVE_RIGHT, START);
    bool spreads = !is_gradient(early.table, want_early.table, t)
                   || !is_gradient(early.q, want_early.q, t);
    return spreads && is_gradient(late.table, want_late.table, t)
           && is_gradient(late.q, want_late.q, t);
}

// What is wrong with the query's gradient where the table's is right.
static void recognise_query_grad(Grade *g, const Relative *r, Mat got, double t) {
    for (size_t i = 0; i < sizeof RELATIVE_SLIPS / sizeof *RELATIVE_SLIPS; i++) {
        RelativeGrad slip = relative_grad_reference(r, RELATIVE_SLIPS[i].rule, START);
        grade_mistake(g, is_gradient(got, slip.q, t), RELATIVE_SLIPS[i].code,
                      "q_grad: %s", RELATIVE_SLIPS[i].says);
    }
    grade_mistake(
        g, is_gradient(got, relative_grad_reference(r, RELATIVE_OTHER, START).q, t),
        "other-matrix", "q_grad is made of the table's rows, not of q");
}

static void recognise_table_grad(Grade *g, const Relative *r, Mat got, double t) {
    for (size_t i = 0; i < sizeof BACKWARD_SLIPS / sizeof *BACKWARD_SLIPS; i++) {
        RelativeGrad slip = relative_grad_reference(r, BACKWARD_SLIPS[i].rule, START);
        grade_mistake(g, is_gradient(got, slip.table, t), BACKWARD_SLIPS[i].code, "%s",
                      BACKWARD_SLIPS[i].says);
    }
    for (size_t i = 0; i < sizeof RELATIVE_SLIPS / sizeof *RELATIVE_SLIPS; i++) {
        RelativeGrad slip = relative_grad_reference(r, RELATIVE_SLIPS[i].rule, START);
        grade_mistake(g, is_gradient(got, slip.table, t), RELATIVE_SLIPS[i].code,
                      "backward: %s", RELATIVE_SLIPS[i].says);
    }
}

static void check_relative_backward(Grade *g, const Relative *r, int q_points,
                                    int table_points) {
    RelativeGrad got = run_relative_backward(r),
                 want = relative_grad_reference(r, RELATIVE_RIGHT, START);
    double t = relative_grad_tolerance(r);
    // where T = S, some errors change nothing
    bool right = is_gradient(got.table, want.table, t);
    bool q_right = is_gradient(got.q, want.q, t);
    grade_mistake(g, !(right && q_right) && sums_are_kept(r, t), "sums-kept",
                  "what one query sends comes to those after it as well: the sums by "
                  "bucket begin with 0 for each query");
    if (!right) recognise_table_grad(g, r, got.table, t);
    // causal: so too where keys ahead alone were looked at, which says the first part
    grade_mistake(
        g, !r->causal && near_mat(got.table, filled(r->buckets, r->q.cols, START), 0),
        "no-table-gradient",
        "table_grad got nothing: table_grad[bucket] += scale "
        "scores_grad q");
    const char *kind = r->causal ? "causal" : "both directions";
    char what[40];
    snprintf(what, sizeof what, "table_grad, %s", kind);
    if (right) grade_expect(g, table_points, right, "%s", what);
    else grade_near_added(g, table_points, what, got.table, want.table, t, START);
    contrast_relative(g, right, PART_TABLE);
    grade_mistake(
        g, near_mat(got.q, filled(r->queries, r->q.cols, START), 0),
        "no-query-gradient",
        "q_grad got nothing: the query meets the table too, not only the keys");
    if (!q_right) recognise_query_grad(g, r, got.q, t);
    snprintf(what, sizeof what, "q_grad, %s", kind);
    if (q_right) grade_expect(g, q_points, true, "%s", what);
    else grade_near_added(g, q_points, what, got.q, want.q, t, START);
    contrast_relative(g, q_right, PART_QUERY);
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
             far = relative_new(&rng, 13, 13, 5, 8, 9, true);
    for (int i = 0; i < 13; i++)  // causal: what is masked has no gradient
        for (int j = i + 1; j < 13; j++) *mat_at(far.scores_grad, i, j) = 0;
    *mat_at(both.scores_grad, 2, 4) = 0;  // one in between
    grade_part(g, check_relative_scores(g, &far, &both));
    grade_part(g, check_relative_backward(g, &both, 2, 4));
    grade_part(g, check_relative_backward(g, &far, 1, 1));
    grade_part(g, check_relative_added(g, &both));
}
