// Problem 6: linear attention.
#include <math.h>

#include "ch02_attention/homework/grade.h"
#include "common/error.h"
#include "common/program/homework_numbers.h"

typedef enum {
    LINEAR_RIGHT,
    LINEAR_NO_PHI,    // q . k itself
    LINEAR_ELU,       // without the + 1
    LINEAR_JUMP,      // without the + 1 above 0 only
    LINEAR_E,         // e^x everywhere
    LINEAR_EXP,       // softmax's e^(q . k)
    LINEAR_SUM,       // not divided
    LINEAR_COUNT,     // divided by the number of keys
    LINEAR_RELU,      // max(x, 0)
    LINEAR_RELU_ONE,  // max(x, 0) + 1
    LINEAR_NO_ONE,    // e^x - 1 below 0, x + 1 above
    LINEAR_E_ONE,     // e^x + 1 below 0
    LINEAR_E_SIGN,    // e^-x below 0
    LINEAR_INVERTED,  // e^x above 0, x + 1 below
    LINEAR_DIM,       // divided by d
    LINEAR_Q_TWICE,   // phi applied twice to q, to k, to both
    LINEAR_K_TWICE,
    LINEAR_TWICE,
    LINEAR_Q_PLAIN,  // no phi on q, on k
    LINEAR_K_PLAIN,
    LINEAR_SCALED,      // phi of the scaled product's factors: q / sqrt(d)
    LINEAR_PHI_OF_DOT,  // phi(q . k)
    // what divides: phi missing there on k, on q, on both; the keys alone; the query
    LINEAR_BELOW_K_PLAIN,
    LINEAR_BELOW_Q_PLAIN,
    LINEAR_BELOW_PLAIN,
    LINEAR_BELOW_KEYS,
    LINEAR_BELOW_QUERY,
    LINEAR_BELOW_LAST,   // the last of d products
    LINEAR_BELOW_ONE,    // the first of phi(q) for all
    LINEAR_KEYS_LAST,    // the sum of phi(k) is the last key's alone
    LINEAR_VALUES_LAST,  // that of phi(k) v
    LINEAR_ABOVE_LAST,   // of the d products with phi(k) v the last alone
    LINEAR_ABOVE_PLAIN,  // no phi(k) in what is above
    LINEAR_BELOW_MEAN,   // what divides is divided by the number of keys
    LINEAR_BELOW_KEPT,   // what divides goes on from query to query
    LINEAR_Q_E,          // e^x on the queries
    LINEAR_K_E,
    LINEAR_V_PHI,  // phi on the values
    // of the d numbers one is missing, above and below
    LINEAR_NO_FIRST,
    LINEAR_NO_LAST,
} LinearRule;

static double feature(double x, LinearRule rule) {
    bool above = x > 0;
    switch (rule) {
        case LINEAR_NO_PHI: return x;
        case LINEAR_ELU: return above ? x : exp(x) - 1;
        case LINEAR_E: return exp(x);
        case LINEAR_JUMP: return above ? x : exp(x);
        case LINEAR_RELU: return above ? x : 0;
        case LINEAR_RELU_ONE: return above ? x + 1 : 1;
        case LINEAR_NO_ONE: return above ? x + 1 : exp(x) - 1;
        case LINEAR_E_ONE: return above ? x + 1 : exp(x) + 1;
        case LINEAR_E_SIGN: return above ? x + 1 : exp(-x);
        case LINEAR_INVERTED: return above ? exp(x) : x + 1;
        default: return above ? x + 1 : exp(x);
    }
}

// phi of a query's number, or of a key's.
static double query_feature(double x, LinearRule rule, int dim) {
    bool twice = rule == LINEAR_Q_TWICE || rule == LINEAR_TWICE;
    if (rule == LINEAR_Q_PLAIN) return x;
    if (rule == LINEAR_SCALED) x /= sqrt(dim);
    double phi = feature(x, rule == LINEAR_Q_E ? LINEAR_E : rule);
    return twice ? feature(phi, rule) : phi;
}
static double key_feature(double x, LinearRule rule) {
    bool twice = rule == LINEAR_K_TWICE || rule == LINEAR_TWICE;
    if (rule == LINEAR_K_PLAIN) return x;
    double phi = feature(x, rule == LINEAR_K_E ? LINEAR_E : rule);
    return twice ? feature(phi, rule) : phi;
}

static double similarity(Mat q, int i, Mat k, int j, LinearRule rule) {
    double sum = 0;
    if (rule == LINEAR_EXP) return exp(dot_rows(q, i, k, j));
    if (rule == LINEAR_PHI_OF_DOT) return feature(dot_rows(q, i, k, j), LINEAR_RIGHT);
    int first = rule == LINEAR_ABOVE_LAST ? q.cols - 1 : rule == LINEAR_NO_FIRST;
    for (int c = first; c < q.cols - (rule == LINEAR_NO_LAST); c++)
        sum += query_feature(at(q, i, c), rule, q.cols)
               * (rule == LINEAR_ABOVE_PLAIN ? 1 : key_feature(at(k, j, c), rule));
    return sum;
}

// What key j adds to the sum that divides.
static double divisor(Mat q, int i, Mat k, int j, LinearRule rule, double s) {
    bool q_plain = rule == LINEAR_BELOW_Q_PLAIN || rule == LINEAR_BELOW_PLAIN,
         k_plain = rule == LINEAR_BELOW_K_PLAIN || rule == LINEAR_BELOW_PLAIN;
    if (rule == LINEAR_COUNT) return 1;
    if (rule < LINEAR_BELOW_K_PLAIN || rule > LINEAR_BELOW_KEPT) return s;
    double sum = 0;
    for (int c = rule == LINEAR_BELOW_LAST ? q.cols - 1 : 0; c < q.cols; c++) {
        double a = at(q, i, c), b = at(k, j, c);
        if (!q_plain) a = feature(a, LINEAR_RIGHT);
        if (!k_plain) b = feature(b, LINEAR_RIGHT);
        if (rule == LINEAR_BELOW_ONE) a = feature(at(q, i, 0), LINEAR_RIGHT);
        sum += rule == LINEAR_BELOW_KEYS ? b : rule == LINEAR_BELOW_QUERY ? a : a * b;
    }
    if (rule == LINEAR_BELOW_MEAN) sum /= k.rows;
    return sum;
}

static Mat features(Mat m) {
    Mat phi = mat_new(m.rows, m.cols);
    for (int i = 0; i < m.rows; i++)
        for (int c = 0; c < m.cols; c++)
            *mat_at(phi, i, c) = (real)feature(at(m, i, c), LINEAR_RIGHT);
    return phi;
}

// The quadratic form. Query i sees keys from[i] .. to[i] - 1.
static Mat linear_reference(Mat q, Mat k, Mat v, const int *from, const int *to,
                            LinearRule rule) {
    Table out = table_new(q.rows, v.cols);
    double sum = 0;
    if (rule == LINEAR_V_PHI) v = features(v);
    for (int i = 0; i < q.rows; i++) {
        double *row = &out.at[(size_t)i * out.cols];
        if (rule != LINEAR_BELOW_KEPT) sum = 0;
        for (int j = from[i]; j < to[i]; j++) {
            double s = similarity(q, i, k, j, rule);
            bool last = j == to[i] - 1;
            if (last || rule != LINEAR_KEYS_LAST) sum += divisor(q, i, k, j, rule, s);
            if (last || rule != LINEAR_VALUES_LAST) add_row(out, i, s, v, j);
        }
        if (rule == LINEAR_SUM) sum = 1;
        if (rule == LINEAR_DIM) sum = q.cols;
        for (int c = 0; c < out.cols; c++) row[c] /= sum;
    }
    return mat_of(out, 0);
}

static int *numbers(int n, int first, int step) {
    int *list = allocate((size_t)n, sizeof *list);
    for (int i = 0; i < n; i++) list[i] = first + i * step;
    return list;
}

// phi is positive, so that numerator and denominator are sums of up to S d terms
// without cancellation by sign of the weights: relatively off by (S + d) 2^-24 each, of
// a mean of values no longer than the longest. 8: a state that is a long sum is rounded
// in float before the query sees it.
static double linear_tolerance(Mat k, Mat v) {
    return 2 * rounding(k.rows + k.cols + 8, longest_row(v));
}

static const struct {
    LinearRule rule;
    const char *code, *diagnosis;
} RIVALS[] = {
    {LINEAR_NO_PHI, "no-phi",
     "phi is missing: q.k may be negative, and a weight may not"},
    {LINEAR_ELU, "elu-alone",
     "phi has no + 1: elu goes down to -1, elu + 1 stays above 0"},
    {LINEAR_JUMP, "phi-jumps",
     "phi jumps at 0: it is x + 1 above 0, where e^x has come to 1"},
    {LINEAR_E, "phi-exponential", "phi is e^x everywhere: above 0 it is x + 1"},
    {LINEAR_EXP, "softmax",
     "these are softmax's weights e^(q.k): here they are phi(q) . phi(k)"},
    {LINEAR_SUM, "not-divided",
     "not divided: the weights must sum to 1, by phi(q) . (sum of phi(k))"},
    {LINEAR_COUNT, "divided-by-count",
     "divided by the number of keys: it is the sum of the weights phi(q) . phi(k) "
     "that divides"},
    {LINEAR_RELU, "relu", "max(x, 0): phi(x) is x + 1 above 0, e^x below"},
    {LINEAR_RELU_ONE, "relu-plus-one", "max(x, 0) + 1: below 0 phi is e^x"},
    {LINEAR_NO_ONE, "elu-below", "below 0 phi is e^x, not e^x - 1"},
    {LINEAR_E_ONE, "one-too-many", "below 0 phi is e^x, not e^x + 1"},
    {LINEAR_E_SIGN, "exponent-sign", "below 0 phi is e^x, not e^-x"},
    {LINEAR_INVERTED, "phi-inverted", "phi is x + 1 above 0 and e^x below: exchanged"},
    {LINEAR_DIM, "divided-by-d",
     "divided by d: it is the sum of the weights phi(q) . phi(k) that divides"},
    {LINEAR_Q_TWICE, "phi-twice", "phi was applied to the queries twice"},
    {LINEAR_K_TWICE, "phi-twice", "phi was applied to the keys twice"},
    {LINEAR_TWICE, "phi-twice", "phi was applied twice"},
    {LINEAR_Q_PLAIN, "no-phi-on-queries", "phi is missing on the queries"},
    {LINEAR_K_PLAIN, "no-phi-on-keys", "phi is missing on the keys"},
    {LINEAR_SCALED, "scaled", "the queries are scaled: there is no scale here"},
    {LINEAR_PHI_OF_DOT, "phi-of-product",
     "phi of q . k: phi is applied to q and k number by number, then multiplied"},
    {LINEAR_BELOW_K_PLAIN, "sum-of-keys",
     "what divides is made of the keys themselves: phi(q) . (sum of phi(k))"},
    {LINEAR_BELOW_Q_PLAIN, "sum-of-keys",
     "what divides is made of the query itself: phi(q) . (sum of phi(k))"},
    {LINEAR_BELOW_PLAIN, "sum-of-keys",
     "what divides is made without phi: phi(q) . (sum of phi(k))"},
    {LINEAR_BELOW_KEYS, "sum-without-query",
     "divided by the sum of phi(k) alone: the query is a factor, phi(q) . (sum of "
     "phi(k))"},
    {LINEAR_BELOW_QUERY, "sum-without-keys",
     "divided by phi(q) alone: the keys are a factor, phi(q) . (sum of phi(k))"},
    {LINEAR_BELOW_LAST, "last-term",
     "what divides is the last of d products: phi(q) . (sum of phi(k)) is their sum"},
    {LINEAR_KEYS_LAST, "keys-overwritten",
     "the sum of phi(k) holds the last key alone: each is added, +="},
    {LINEAR_VALUES_LAST, "values-overwritten",
     "the sum of phi(k) v holds the last key alone: each is added, +="},
    {LINEAR_ABOVE_LAST, "above-last-term",
     "what is above is the last of d products: phi(q) . (sum of phi(k) v) is their "
     "sum"},
    {LINEAR_BELOW_KEPT, "sum-kept",
     "what divides still holds that of the queries before: it begins with 0 for each"},
    {LINEAR_Q_E, "phi-exponential",
     "phi of the queries is e^x everywhere: above 0 it is x + 1"},
    {LINEAR_K_E, "phi-exponential",
     "phi of the keys is e^x everywhere: above 0 it is x + 1"},
    {LINEAR_V_PHI, "phi-on-values", "phi was applied to the values: to q and k alone"},
    {LINEAR_ABOVE_PLAIN, "values-unweighed",
     "the sum of phi(k) v has no phi(k) in it: each of the d rows is weighed by its "
     "own"},
    {LINEAR_BELOW_MEAN, "keys-mean",
     "what divides is made of the mean of phi(k): of the sum"},
    {LINEAR_NO_FIRST, "first-number", "the first of the d numbers is left out"},
    {LINEAR_NO_LAST, "last-number", "the last of the d numbers is left out"},
    {LINEAR_BELOW_ONE, "one-sum",
     "what divides is made with one sum of phi(k) for all d: it has d numbers, one for "
     "each of phi(q)"},
};

// Without phi the sum that divides nearly cancels, so that rounding is seen much more.
static void recognise_rival(Grade *g, Mat got, Mat q, Mat k, Mat v, const int *from,
                            const int *to) {
    double t = linear_tolerance(k, v);
    if (near_mat(got, linear_reference(q, k, v, from, to, LINEAR_RIGHT), t)) return;
    for (size_t r = 0; r < sizeof RIVALS / sizeof *RIVALS; r++) {
        Mat rival = linear_reference(q, k, v, from, to, RIVALS[r].rule);
        LinearRule rule = RIVALS[r].rule;
        bool cancels = rule == LINEAR_NO_PHI || rule == LINEAR_ELU
                       || rule == LINEAR_Q_PLAIN || rule == LINEAR_K_PLAIN
                       || rule == LINEAR_BELOW_K_PLAIN || rule == LINEAR_BELOW_Q_PLAIN
                       || rule == LINEAR_BELOW_PLAIN;
        double off = cancels ? 1e-3 * (1 + longest_row(rival))
                             : 8 * t * (1 + longest_row(rival));
        grade_mistake(g, near_mat(got, rival, off), RIVALS[r].code, "%s",
                      RIVALS[r].diagnosis);
    }
}

// linear_attention, into an out that holds `before`.
static Mat run_full(Mat q, Mat k, Mat v, real before) {
    Mat out = guarded_mat("out", filled(q.rows, v.cols, before));
    linear_attention(out, input_mat("q", q), input_mat("k", k), input_mat("v", v));
    return kept_mat(out);
}

// Whether another value of key j changes anything.
static bool key_counts(Mat q, Mat k, Mat v, int j) {
    Mat other = kept_mat(v);
    for (int c = 0; c < v.cols; c++) *mat_at(other, j, c) += 100;
    bool counts = !near_mat(run_full(q, k, v, 7), run_full(q, k, other, 7), 0);
    mat_free(other);
    return counts;
}

// The first row of out that holds what was there before, whatever that was; -1: none.
static int row_not_written(Mat seven, Mat three) {
    for (int i = 0; i < seven.rows; i++)
        if (near_mat(mat_rows(seven, i, 1), filled(1, seven.cols, 7), 0)
            && near_mat(mat_rows(three, i, 1), filled(1, seven.cols, 3), 0))
            return i;
    return -1;
}

static void recognise_unwritten(Grade *g, Mat seven, Mat three) {
    int row = row_not_written(seven, three);
    grade_mistake(
        g, row == 0, "first-row-not-written",
        "row 0 of out was not written: it holds what was there before. Queries count "
        "from 0, and each writes its own row of out");
    grade_mistake(
        g, row > 0, "row-not-written",
        "row %d of out was not written: it holds what was there before. There "
        "are T = %d queries",
        row, seven.rows);
}

// phi(x) / phi(0) of a key, by the weights of two keys of one number: there phi(q) is
// in both terms, and cancels.
static double phi_ratio(double x) {
    Mat q = filled(1, 1, (real)0.5), k = mat_new(2, 1), v = mat_new(2, 1);
    *mat_at(k, 0, 0) = (real)x, *mat_at(v, 0, 0) = 1;
    double share = at(run_full(q, k, v, 7), 0, 0);
    return share / (1 - share);
}

// The weights of two keys sum to 1, so that it is not the division that is wrong.
static bool shares_sum(void) {
    Mat k = mat_new(2, 1);
    *mat_at(k, 0, 0) = 2;
    return fabs(at(run_full(filled(1, 1, (real)0.5), k, filled(2, 1, 1), 7), 0, 0) - 1)
           < 1e-5;
}

static void recognise_phi(Grade *g) {
    if (!shares_sum()) return;
    double near = phi_ratio(0.5), above = phi_ratio(2), below = phi_ratio(-1),
           far = phi_ratio(-3);
    bool right = fabs(above - 3) < 1e-3 && fabs(below - exp(-1)) < 1e-3;
    grade_mistake(g, right && fabs(near - 1.5) > 1e-3, "other-phi",
                  "phi of a key is another function: phi(0.5) came out as %.3g times "
                  "phi(0), should be 1.5",
                  near);
    grade_mistake(g, right && fabs(far - exp(-3)) > 1e-3, "other-phi",
                  "phi of a key is another function: phi(-3) came out as %.3g times "
                  "phi(0), should be 0.0498",
                  far);
    grade_mistake(g, isfinite(above) && isfinite(below) && !right, "other-phi",
                  "phi of a key is another function: phi(2) came out as %.3g times "
                  "phi(0), should be 3, and phi(-1) as %.3g times, should be 0.368",
                  above, below);
}

static void recognise_full(Grade *g, Mat q, Mat k, Mat v, Mat got) {
    recognise_unwritten(g, run_full(q, k, v, 7), run_full(q, k, v, 3));
    bool first_alone = key_counts(q, k, v, 0) && !key_counts(q, k, v, 1)
                       && !key_counts(q, k, v, k.rows - 1);
    grade_mistake(g, first_alone, "first-row-alone",
                  "row 0 of v counts, and no other one: key j has row j");
    grade_mistake(g, !near_mat(got, run_full(q, k, v, 3), 0), "out-kept",
                  "out depends on what was in it before: = replaces it, so clear it "
                  "before anything is added to it or divided");
    grade_mistake(g, key_counts(q, k, v, 0) && !key_counts(q, k, v, k.rows - 1),
                  "keys-left-out",
                  "the last keys count for nothing: there are S = %d of them, k.rows, "
                  "and T = %d queries",
                  k.rows, q.rows);
    grade_mistake(g, !key_counts(q, k, v, 0) && key_counts(q, k, v, k.rows - 1),
                  "keys-left-out",
                  "the first key counts for nothing: keys are 0 .. S - 1, and each is "
                  "added to what the others have left");
}

// ---- The simpler case in which out is right

// Never more queries than keys, nor more columns of v than of q: who confuses the two
// would crash here, and did not in the step.
static const struct {
    int queries, keys, dim, value_dim;
    bool positive;  // q and k above 0
    const char *code, *says;
} LINEAR_CASES[] = {
    {19, 19, 5, 3, false, "only-as-many-keys",
     "right where T = S: which of the two is counted where?"},
    {7, 19, 5, 5, false, "only-square",
     "right where d and d_v are equal: v and out have d_v columns, q and k have d"},
    {1, 19, 5, 3, false, "only-one-query",
     "right for one query, wrong for several: what is left over from the query "
     "before?"},
    {7, 19, 5, 1, false, "only-d-v-1",
     "right where d_v is 1: what of the other columns of v?"},
    {7, 19, 1, 1, false, "only-d-1",
     "right where d and d_v are 1: are both sums, above and below, taken over all d "
     "numbers of phi(q), and for each column of v?"},
    {7, 19, 5, 3, true, "only-positive",
     "right where q and k are above 0: phi is e^x where they are not"},
};

// Its matrices, and what should come out.
static Mat linear_case(int i, Mat *q, Mat *k, Mat *v) {
    Rng rng = rng_new(62);
    *q = random_mat(&rng, LINEAR_CASES[i].queries, LINEAR_CASES[i].dim);
    *k = random_mat(&rng, LINEAR_CASES[i].keys, LINEAR_CASES[i].dim);
    *v = random_mat(&rng, LINEAR_CASES[i].keys, LINEAR_CASES[i].value_dim);
    for (int c = 0; c < LINEAR_CASES[i].dim && LINEAR_CASES[i].positive; c++) {
        for (int t = 0; t < q->rows; t++) *mat_at(*q, t, c) = (real)fabs(at(*q, t, c));
        for (int t = 0; t < k->rows; t++) *mat_at(*k, t, c) = (real)fabs(at(*k, t, c));
    }
    return linear_reference(*q, *k, *v, numbers(q->rows, 0, 0),
                            numbers(q->rows, k->rows, 0), LINEAR_RIGHT);
}

static void contrast_full(Grade *g, bool right) {
    Mat q, k, v;
    for (int i = 0; i < COUNT_OF(LINEAR_CASES) && !right; i++) {
        Mat want = linear_case(i, &q, &k, &v);
        grade_contrast(g, near_mat(run_full(q, k, v, 7), want, linear_tolerance(k, v)),
                       LINEAR_CASES[i].code, "%s", LINEAR_CASES[i].says);
    }
}

static void check_linear_full(Grade *g, Rng *rng) {
    Mat q = random_mat(rng, 7, 5), k = random_mat(rng, 19, 5),
        v = random_mat(rng, 19, 3), got = run_full(q, k, v, 7);
    int *from = numbers(7, 0, 0), *to = numbers(7, 19, 0);
    double t = linear_tolerance(k, v);
    Mat want = linear_reference(q, k, v, from, to, LINEAR_RIGHT);
    recognise_rival(g, got, q, k, v, from, to);
    grade_mistake(g, !finite_mat(got), "sum-zero",
                  "divided by 0: the sum of phi(k) was not summed up");
    if (!near_mat(got, want, t)) {
        recognise_full(g, q, k, v, got);
        recognise_phi(g);
    }
    contrast_full(g, grade_near_mat(g, 5, "all keys: out", got, want, t));
}

static const int CUTS[] = {0, 1, 2, 9, 9, 21, 29};  // calls of 1, 1, 7, 0, 12, 8 tokens
enum { TOKENS = 29, CALLS = sizeof CUTS / sizeof *CUTS - 1 };

// Into an out that holds `before`.
static Mat run_linear_into(real before, LinearState *state, Mat q, Mat k, Mat v,
                           const int *cuts, int calls) {
    Mat out = guarded_mat("out", filled(q.rows, v.cols, before));
    q = input_mat("q", q), k = input_mat("k", k), v = input_mat("v", v);
    *state = (LinearState){mat_new(k.cols, v.cols), mat_new(1, k.cols)};
    for (int c = 0; c < calls; c++) {
        int n = cuts[c + 1] - cuts[c];
        linear_attention_causal(state, mat_rows(out, cuts[c], n),
                                mat_rows(q, cuts[c], n), mat_rows(k, cuts[c], n),
                                mat_rows(v, cuts[c], n));
    }
    return kept_mat(out);
}

static Mat run_linear(LinearState *state, Mat q, Mat k, Mat v, const int *cuts,
                      int calls) {
    return run_linear_into(7, state, q, k, v, cuts, calls);
}

// The sum above and the sum that divides, each over keys of its own.
typedef struct {
    const int *from, *to;
} Keys;

static Mat linear_of(Mat q, Mat k, Mat v, Keys above, Keys below) {
    Mat out = linear_reference(q, k, v, above.from, above.to, LINEAR_SUM),
        divisors = linear_reference(q, k, filled(k.rows, 1, 1), below.from, below.to,
                                    LINEAR_SUM);
    for (int i = 0; i < out.rows; i++)
        for (int c = 0; c < out.cols; c++)
            *mat_at(out, i, c) /= *mat_at(divisors, i, 0);
    return out;
}

static Mat linear_halves(Mat q, Mat k, Mat v, const int *above, const int *below,
                         const int *to) {
    return linear_of(q, k, v, (Keys){above, to}, (Keys){below, to});
}

typedef struct {
    Mat q, k, v, want;  // want: causal
} Sequence;

// Whether the sequence is right in calls that end there.
static bool right_in_calls(const Sequence *s, const int *cuts, int calls) {
    LinearState state;
    Mat out = run_linear(&state, s->q, s->k, s->v, cuts, calls);
    return near_mat(out, s->want, linear_tolerance(s->k, s->v));
}

static void contrast_whole(Grade *g, bool right, const Sequence *s, Mat got) {
    enum { FIRST = 1 };
    if (right) return;
    int *ones = numbers(TOKENS + 1, 0, 1);
    double t = linear_tolerance(s->k, s->v);
    grade_contrast(
        g, right_in_calls(s, ones, TOKENS), "only-single-tokens",
        "right in calls of one token, wrong in calls of several: what is done "
        "once per call that belongs to each token?");
    grade_contrast(
        g, near_mat(mat_rows(got, 0, FIRST), mat_rows(s->want, 0, FIRST), t),
        "only-first-token",
        "right for token 0, which sees itself alone: what has the state taken "
        "in before a later token asks?");
}

static void contrast_cut(Grade *g, bool right, const Sequence *s) {
    static const int no_empty[] = {0, 1, 2, 9, 21, 29}, two[] = {0, 9, 29};
    int *ones = numbers(TOKENS + 1, 0, 1), whole[] = {0, TOKENS};
    if (right) return;
    grade_contrast(
        g, right_in_calls(s, no_empty, 5), "only-no-empty-call",
        "right where no call is empty: a call of 0 tokens leaves the state as "
        "it is");
    grade_contrast(
        g, right_in_calls(s, ones, TOKENS), "only-single-tokens",
        "right in calls of one token, wrong in longer ones: what is done once "
        "per call that belongs to each token?");
    grade_contrast(
        g, right_in_calls(s, two, 2), "only-two-calls",
        "right in two calls, wrong in six: what does the state hold after the "
        "second?");
    grade_contrast(
        g, right_in_calls(s, whole, 1), "only-one-call",
        "right in one call, wrong in several: what is kept between calls, in "
        "both sums?");
}

static void check_linear_cut(Grade *g, const Sequence *s, Mat cut_out) {
    Mat q = s->q, k = s->k, v = s->v, want = s->want;
    int *begins = allocate(TOKENS, sizeof *begins),
        *ends = allocate(TOKENS, sizeof *ends);
    for (int c = 0; c < CALLS; c++)
        for (int i = CUTS[c]; i < CUTS[c + 1]; i++)
            begins[i] = CUTS[c], ends[i] = CUTS[c + 1];
    double t = linear_tolerance(k, v);
    const int *all = numbers(TOKENS, 0, 0), *own = numbers(TOKENS, 1, 1);
    Mat forgot = linear_reference(q, k, v, begins, own, LINEAR_RIGHT);
    Mat peeked = linear_reference(q, k, v, all, ends, LINEAR_RIGHT);
    double large = 8 * t * (1 + longest_row(linear_halves(q, k, v, all, begins, own)));
    grade_mistake(g, near_mat(cut_out, forgot, t), "state-forgotten",
                  "a new call has forgotten the earlier ones: the state is carried "
                  "from call to call");
    grade_mistake(
        g, near_mat(cut_out, linear_halves(q, k, v, all, begins, own), large),
        "keys-forgotten",
        "a new call has forgotten the sum of phi(k): it is carried like the other");
    grade_mistake(
        g, near_mat(cut_out, linear_halves(q, k, v, begins, all, own), large),
        "values-forgotten",
        "a new call has forgotten the sum of phi(k) v: it is carried like the other");
    grade_mistake(g, near_mat(cut_out, peeked, t), "peeks",
                  "a query sees all keys of its call, later ones too");
    contrast_cut(g, grade_near_mat(g, 5, "causal, in six calls: out", cut_out, want, t),
                 s);
}

// What the state should hold in the end.
static bool check_linear_state(Grade *g, const LinearState *state, Mat k, Mat v) {
    Table values = table_new(k.cols, v.cols), keys = table_new(1, k.cols);
    for (int j = 0; j < k.rows; j++)
        for (int c = 0; c < k.cols; c++) {
            double phi = feature(at(k, j, c), LINEAR_RIGHT);
            keys.at[c] += phi;
            add_row(values, c, phi, v, j);
        }
    double size = sqrt(k.rows) * longest_row(mat_transpose(v)) * (2 + longest_row(k));
    Mat value_sums = mat_of(values, 0), key_sums = mat_of(keys, 0);
    double values_off = rounding(k.rows, size),
           keys_off = rounding(k.rows, k.rows * (2 + longest_row(k)));
    if (!near_mat(state->values, value_sums, values_off))
        return grade_near_mat(g, 3, "the state's values", state->values, value_sums,
                              values_off);
    return grade_near_mat(g, 3, "the state's keys", state->keys, key_sums, keys_off);
}

static Sequence sequence_new(Rng *rng) {
    Sequence s = {random_mat(rng, TOKENS, 5),
                  random_mat(rng, TOKENS, 5),
                  random_mat(rng, TOKENS, 3),
                  {0}};
    s.want = linear_reference(s.q, s.k, s.v, numbers(TOKENS, 0, 0),
                              numbers(TOKENS, 1, 1), LINEAR_RIGHT);
    return s;
}

// Of the two sums one has not taken in the query's own key yet. rest: from row 1 on.
static void recognise_late(Grade *g, const Sequence *s, Mat rest) {
    const int *first = numbers(TOKENS, 0, 0);
    Keys own = {first, numbers(TOKENS, 1, 1)}, before = {first, numbers(TOKENS, 0, 1)};
    Mat below = linear_of(s->q, s->k, s->v, own, before),
        above = linear_of(s->q, s->k, s->v, before, own);
    double t = 8 * linear_tolerance(s->k, s->v);
    grade_mistake(g,
                  near_mat(rest, mat_rows(below, 1, TOKENS - 1),
                           t * (1 + longest_row(mat_rows(below, 1, TOKENS - 1)))),
                  "keys-late",
                  "the sum of phi(k) that divides has not taken in the query's own key "
                  "yet, the sum of phi(k) v has");
    grade_mistake(
        g, near_mat(rest, mat_rows(above, 1, TOKENS - 1), t), "values-late",
        "the sum of phi(k) v has not taken in the query's own key yet, the sum "
        "of phi(k) that divides has");
}

static void check_linear_whole(Grade *g, const Sequence *s) {
    int whole[] = {0, TOKENS}, *first = numbers(TOKENS, 0, 0),
        *own = numbers(TOKENS, 0, 1);
    LinearState state;
    Mat got = run_linear(&state, s->q, s->k, s->v, whole, 1),
        rest = mat_rows(got, 1, TOKENS - 1);
    Mat before = linear_reference(s->q, s->k, s->v, first, own, LINEAR_RIGHT);
    Mat full = linear_reference(s->q, s->k, s->v, first, numbers(TOKENS, TOKENS, 0),
                                LINEAR_RIGHT);
    double t = linear_tolerance(s->k, s->v);
    grade_mistake(
        g, near_mat(rest, mat_rows(before, 1, TOKENS - 1), t), "not-itself",
        "a query does not see its own key: the state takes k_i in before q_i asks");
    grade_mistake(g, near_mat(got, full, t), "peeks",
                  "a query sees all keys of its call, later ones too");
    Mat own_queries =
        linear_reference(s->q, s->q, s->v, first, numbers(TOKENS, 1, 1), LINEAR_RIGHT);
    grade_mistake(g, near_mat(got, own_queries, t), "queries-for-keys",
                  "the state was made of the queries: it is the sum of phi(k), and of "
                  "phi(k) v");
    recognise_late(g, s, rest);
    recognise_rival(g, got, s->q, s->k, s->v, first, numbers(TOKENS, 1, 1));
    bool right = near_mat(got, s->want, t);
    LinearState again;
    Mat other = run_linear_into(3, &again, s->q, s->k, s->v, whole, 1);
    if (!right) recognise_unwritten(g, got, other);
    grade_mistake(g, !right && !near_mat(got, other, 0), "out-kept",
                  "out depends on what was in it before: = replaces it, so clear it "
                  "before anything is added to it or divided");
    contrast_whole(g, grade_near_mat(g, 5, "causal, in one call: out", got, s->want, t),
                   s, got);
}

static void check_linear_pieces(Grade *g, const Sequence *s) {
    LinearState state;
    Mat out = run_linear(&state, s->q, s->k, s->v, CUTS, CALLS);
    check_linear_cut(g, s, out);
}

static void check_linear_end(Grade *g, const Sequence *s) {
    LinearState state;
    run_linear(&state, s->q, s->k, s->v, CUTS, CALLS);
    bool right = check_linear_state(g, &state, s->k, s->v);
    grade_contrast(g, !right && right_in_calls(s, CUTS, CALLS), "only-out",
                   "out is right, the state is not: it holds the two sums themselves, "
                   "whatever else would give the same quotient");
}

// The student's function on the first n tokens, into the first rows of out.
static double seconds_of(int n, Mat q, Mat k, Mat v, Mat out) {
    LinearState state;
    int whole[] = {0, n};
    double begin = cpu_seconds();
    Mat got = run_linear(&state, mat_rows(q, 0, n), mat_rows(k, 0, n),
                         mat_rows(v, 0, n), whole, 1);
    double seconds = cpu_seconds() - begin;
    mat_copy(mat_rows(out, 0, n), got);
    return seconds;
}

// The measure is the reference, quadratic, on LITTLE tokens: a recurrence needs less
// for all LONG tokens, a quadratic form visits 24^2 = 576 times as many pairs. At 4
// times the measure a quadratic form is seen even if its loops are 100 times as fast as
// the reference's, whose every pair computes e^x anew.
static void check_linear_cost(Grade *g, Rng *rng) {
    enum { LITTLE = 512, LONG = 24 * LITTLE, DIM = 8 };
    Mat q = random_mat(rng, LONG, DIM), k = random_mat(rng, LONG, DIM),
        v = random_mat(rng, LONG, DIM);
    double begin = cpu_seconds();
    linear_reference(mat_rows(q, 0, LITTLE), k, v, numbers(LITTLE, 0, 0),
                     numbers(LITTLE, 1, 1), LINEAR_RIGHT);
    double own = cpu_seconds() - begin;
    Mat out = mat_new(LONG, DIM);
    double theirs = seconds_of(LONG, q, k, v, out);
    // phi computed anew for each product costs a factor, but grows with N
    bool slow =
        theirs > 4 * own + 0.05 && theirs > 8 * seconds_of(LONG / 4, q, k, v, out);
    grade_mistake(g, slow, "quadratic",
                  "%d tokens took %.2f s: the work grows with N^2. Use the "
                  "state, not all pairs",
                  LONG, theirs);
    grade_expect(g, 2, finite_mat(out) && !slow, "%d tokens took %.2f s%s", LONG,
                 theirs, finite_mat(out) ? "" : ", and out is not finite");
}

void check_linear(Grade *g) {
    Rng rng = rng_new(61);
    grade_part(g, check_linear_full(g, &rng));
    Sequence s = sequence_new(&rng);
    grade_part(g, check_linear_whole(g, &s));
    grade_part(g, check_linear_pieces(g, &s));
    grade_part(g, check_linear_end(g, &s));
    grade_part(g, check_linear_cost(g, &rng));
}
