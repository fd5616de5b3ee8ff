// Problem 7: bands for a threshold.
#include <math.h>

#include "ch04_pretrain/homework/grade.h"

static const double TOLERANCE = 1e-9;

// ---- the middle

typedef enum {
    MIDDLE_RIGHT,
    MIDDLE_STEEPEST,     // (1/b)^(1/r)
    MIDDLE_SWAPPED,      // rows for bands
    MIDDLE_ONE_BAND,     // (1/2)^(1/r)
    MIDDLE_ROOT,         // without the r-th root
    MIDDLE_INSIDE_OUT,   // the two steps the other way round
    MIDDLE_FOUND,        // (1/2)^(1/b) for 1 less that
    MIDDLE_POWER,        // the r-th power for the root
    MIDDLE_BANDS,        // (1/2)^b
    MIDDLE_SHARED,       // 1/2 shared out: 1/(2 b)
    MIDDLE_LESS_SHARED,  // 1 - 1/(2 b)
    MIDDLE_CURVE,        // the curve at 1/2
    MIDDLE_NUMBERS,      // all numbers for the bands
} MiddleRule;

static void middle_by(int rule, const void *of, double *to) {
    Banding b = *(const Banding *)of;
    if (rule == MIDDLE_SWAPPED) b = (Banding){b.bands, b.rows};
    *to = pow(1 - pow(0.5, 1.0 / b.bands), 1.0 / b.rows);
    if (rule == MIDDLE_STEEPEST) *to = pow(1.0 / b.bands, 1.0 / b.rows);
    if (rule == MIDDLE_ONE_BAND) *to = pow(0.5, 1.0 / b.rows);
    if (rule == MIDDLE_INSIDE_OUT)
        *to = 1 - pow(1 - pow(0.5, 1.0 / b.bands), 1.0 / b.rows);
    double less = 1 - pow(0.5, 1.0 / b.bands), root = 1.0 / b.rows;
    if (rule == MIDDLE_ROOT) *to = less;
    if (rule == MIDDLE_FOUND) *to = pow(1 - less, root);
    if (rule == MIDDLE_POWER) *to = pow(less, b.rows);
    if (rule == MIDDLE_BANDS) *to = pow(1 - pow(0.5, b.bands), root);
    if (rule == MIDDLE_SHARED) *to = pow(0.5 / b.bands, root);
    if (rule == MIDDLE_LESS_SHARED) *to = pow(1 - 0.5 / b.bands, root);
    if (rule == MIDDLE_NUMBERS) *to = pow(1 - pow(0.5, root / b.bands), root);
    if (rule == MIDDLE_CURVE) *to = lsh_curve(0.5, b.rows, b.bands);
}

static bool middle_right(Banding b) {
    double want;
    middle_by(MIDDLE_RIGHT, &b, &want);
    return fabs(banding_middle(b) - want) <= TOLERANCE;
}

// After a step that may have failed.
static void contrast_middle(Grade *g) {
    grade_contrast(g, middle_right((Banding){5, 1}), "only-one-band",
                   "the middle: right for one band: what do 20 change? A pair is found "
                   "by any of them");
    grade_contrast(g, middle_right((Banding){1, 20}), "only-one-row",
                   "the middle: right for one row: what do 5 change? They must all "
                   "agree");
    grade_contrast(g, middle_right((Banding){1, 1}), "only-one",
                   "the middle: right for a single number: which root or power belongs "
                   "to rows, which to bands, and in which order?");
}

static void check_middle(Grade *g) {
    static const Slip slips[] = {
        {MIDDLE_STEEPEST, "steepest",
         "(1/b)^(1/r): the curve is 0.64 there, not a half"},
        {MIDDLE_SWAPPED, "swapped", "rows and bands are exchanged"},
        {MIDDLE_ONE_BAND, "one-band",
         "at this similarity one band agrees in half of the cases: there are several"},
        {MIDDLE_INSIDE_OUT, "inside-out",
         "the root is s already: 1 - s^r was taken away from 1 before"},
        {MIDDLE_ROOT, "no-root", "this is s^r: the r-th root is missing"},
        {MIDDLE_FOUND, "not-found", "(1/2)^(1/b) is 1 - s^r: 1 less that is s^r"},
        {MIDDLE_POWER, "power-for-root",
         "the r-th power: s^r is known, so the r-th root"},
        {MIDDLE_BANDS, "bands-power",
         "(1 - s^r)^b is 1/2: the b-th root of 1/2, not its power"},
        {MIDDLE_SHARED, "half-shared",
         "1/2 cannot be shared out to the bands: (1 - s^r)^b = 1/2"},
        {MIDDLE_LESS_SHARED, "half-shared",
         "1/2 cannot be shared out to the bands: (1 - s^r)^b = 1/2"},
        {MIDDLE_CURVE, "curve-at-half",
         "this is the curve at s = 1/2: the s at which it is 1/2 is asked for"},
        {MIDDLE_NUMBERS, "root-of-numbers",
         "the root of 1/2 is that of all numbers, rows x bands: (1 - s^r)^b = 1/2, so "
         "the b-th"},
    };
    Banding b = {5, 20};
    double got = banding_middle(b);
    grade_mistake(g, got == 0 || got == 1, "integers",
                  "1 / bands or 1 / rows is 0 in integers");
    double want;
    middle_by(MIDDLE_RIGHT, &b, &want);
    grade_slip(g, "the middle", &got, 1, TOLERANCE, middle_by, &b, slips,
               COUNT_OF(slips));
    grade_mistake(g, fabs(got - want) > TOLERANCE && fabs(got - want) < 5e-3, "nearly",
                  "off by %.1g: a search that ended too early, or with too coarse "
                  "steps? There is a formula",
                  fabs(got - want));
    grade_numbers(g, 4, "the middle of 20 bands of 5 rows", &got, 1, TOLERANCE,
                  middle_by, &b, NULL, 0);
    contrast_middle(g);
}

// ---- the costs

enum { BINS = 4 };
static const double S[BINS] = {0.2, 0.5, 0.8, 0.9}, PAIRS[BINS] = {1000, 200, 50, 10},
                    HIGH = 0.8;

typedef enum {
    COSTS_RIGHT,
    COSTS_SWAPPED,        // missed and in vain
    COSTS_SHARES,         // not times the pairs
    COSTS_EXCLUSIVE,      // s = high is below
    COSTS_FOUND,          // what is found, on both sides
    COSTS_OVER_PAIRS,     // divided by all pairs
    COSTS_NOT_FOUND,      // what is not found, on both sides
    COSTS_CURVE,          // rows and bands exchanged
    COSTS_ONE_BAND,       // s^r
    COSTS_INVERTED,       // high for low
    COSTS_ALL_FOUND,      // what is found, of similar ones too
    COSTS_ALL_MISSED,     // what is not found, of others too
    COSTS_BOTH,           // both over all
    COSTS_SHARES_MISSED,  // pairs forgotten in one of the two
    COSTS_SHARES_VAIN,
    COSTS_SIMILARITY,  // times the similarity
    COSTS_LIKELY,      // found or not: whether the curve is above 1/2
    COSTS_SET,         // = for +=
    COSTS_LESS_LAST,   // without the last bin
    COSTS_LESS_FIRST,  // without the first bin
    COSTS_BY_CURVE,    // similar: found with `high` or more
} CostsRule;

static double found_by(CostsRule rule, const Banding *b, double s) {
    if (rule == COSTS_ONE_BAND) return pow(s, b->rows);
    if (rule == COSTS_SIMILARITY) return s;
    bool other = rule == COSTS_CURVE;
    double curve = lsh_curve(s, other ? b->bands : b->rows, other ? b->rows : b->bands);
    return rule == COSTS_LIKELY ? curve >= 0.5 : curve;
}

static void costs_by(int rule, const void *of, double *to) {
    const Banding *b = of;
    double all = 0, missed = 0, in_vain = 0;
    int until = BINS - (rule == COSTS_LESS_LAST);
    for (int i = rule == COSTS_LESS_FIRST; i < until; i++) {
        double curve = found_by((CostsRule)rule, b, S[i]),
               n = rule == COSTS_SHARES ? 1 : PAIRS[i], of_missed = n, of_vain = n;
        if (rule == COSTS_SHARES_MISSED) of_missed = 1;
        if (rule == COSTS_SHARES_VAIN) of_vain = 1;
        bool similar = rule == COSTS_EXCLUSIVE ? S[i] > HIGH : S[i] >= HIGH;
        if (rule == COSTS_BY_CURVE) similar = curve >= HIGH;
        if (rule == COSTS_INVERTED) similar = !similar;
        if (rule == COSTS_SET && similar) missed = 0;
        if (rule == COSTS_SET && !similar) in_vain = 0;
        all += PAIRS[i];
        if (similar || rule == COSTS_ALL_MISSED || rule == COSTS_BOTH)
            missed += of_missed * (rule == COSTS_FOUND ? curve : 1 - curve);
        if (!similar || rule == COSTS_ALL_FOUND || rule == COSTS_BOTH)
            in_vain += of_vain * (rule == COSTS_NOT_FOUND ? 1 - curve : curve);
    }
    to[0] = missed, to[1] = in_vain;
    if (rule == COSTS_SWAPPED) to[0] = in_vain, to[1] = missed;
    if (rule == COSTS_OVER_PAIRS) to[0] /= all, to[1] /= all;
}

static const Slip COSTS_SLIPS[] = {
    {COSTS_SWAPPED, "costs-exchanged", "the two are exchanged"},
    {COSTS_SHARES, "costs-shares",
     "probabilities were added: a bin has pairs[i] pairs"},
    {COSTS_EXCLUSIVE, "costs-border", "a pair of similarity `high` is one to be found"},
    {COSTS_FOUND, "costs-found",
     "similar pairs that are found: those that are not are missed"},
    {COSTS_NOT_FOUND, "costs-not-found",
     "in vain are those below that *are* found, and compared"},
    {COSTS_CURVE, "costs-curve", "lsh_curve(s, rows, bands): rows come first"},
    {COSTS_OVER_PAIRS, "costs-mean", "divided by all pairs: numbers are wanted"},
    {COSTS_ONE_BAND, "costs-one-band",
     "s^rows is the chance of one band: a pair is found by any of them, lsh_curve"},
    {COSTS_INVERTED, "costs-inverted",
     "similar pairs and others are exchanged: those of `high` or more are missed"},
    {COSTS_ALL_FOUND, "costs-all-found",
     "in vain are found pairs below `high` alone: similar ones are found with "
     "reason"},
    {COSTS_ALL_MISSED, "costs-all-missed",
     "missed are similar pairs alone: others need not be found"},
    {COSTS_BOTH, "costs-both",
     "each of the two has its own bins: `high` and more, and below"},
    {COSTS_SHARES_MISSED, "costs-shares",
     "probabilities were added in `missed`: a bin has pairs[i] pairs"},
    {COSTS_SHARES_VAIN, "costs-shares",
     "probabilities were added in `in_vain`: a bin has pairs[i] pairs"},
    {COSTS_SIMILARITY, "costs-similarity",
     "the similarity is not the chance of being found: lsh_curve is"},
    {COSTS_LIKELY, "costs-likely",
     "pairs were taken as found or not, by whether that is likelier: on average, a "
     "share of each bin is found"},
    {COSTS_SET, "costs-set", "each bin overwrites the one before it: add them up"},
    {COSTS_LESS_LAST, "costs-last-bin", "the last bin is missing"},
    {COSTS_LESS_FIRST, "costs-first-bin", "the first bin is missing"},
    {COSTS_BY_CURVE, "costs-by-curve",
     "`high` was compared with the chance of being found: it is a similarity, s[i] "
     ">= high"},
};

// Of the bins first .. first + count - 1, of so many pairs each.
static bool costs_right(Banding b, int first, int count, double high) {
    BandingCosts c = banding_costs(b, S + first, PAIRS + first, count, high),
                 want = {0};
    for (int i = first; i < first + count; i++) {
        double found = PAIRS[i] * lsh_curve(S[i], b.rows, b.bands);
        if (S[i] >= high) want.missed += PAIRS[i] - found;
        else want.in_vain += found;
    }
    return fabs(c.missed - want.missed) < 1e-6 && fabs(c.in_vain - want.in_vain) < 1e-6;
}

// After a step that may have failed.
static void contrast_costs(Grade *g, Banding b) {
    grade_contrast(
        g, costs_right(b, 0, BINS, 0.7), "only-no-border",
        "the costs: right where no bin has a similarity of `high` itself: on "
        "which side is one that has?");
    grade_contrast(g, costs_right(b, 2, 2, HIGH), "only-similar",
                   "the costs: right where all pairs are similar: what of those below "
                   "`high` is in vain?");
    grade_contrast(g, costs_right(b, 0, 2, HIGH), "only-others",
                   "the costs: right where all pairs are below `high`: what of similar "
                   "ones is missed?");
    grade_contrast(g, costs_right((Banding){1, 1}, 0, BINS, HIGH), "only-one-number",
                   "the costs: right for a cut of one row and one band: how likely is "
                   "a pair found with more?");
}

static void check_costs(Grade *g) {
    Banding b = {9, 10};
    BandingCosts c =
        banding_costs(b, grade_guarded("s", S, sizeof S),
                      grade_guarded("pairs", PAIRS, sizeof PAIRS), BINS, HIGH);
    double got[] = {c.missed, c.in_vain};
    grade_numbers(g, 6, "missed and in vain, of four bins", got, 2, TOLERANCE, costs_by,
                  &b, COSTS_SLIPS, COUNT_OF(COSTS_SLIPS));
    contrast_costs(g, b);
}

// ---- the choice

typedef struct {
    int k;
    double high, least, low;
} Wish;

typedef enum {
    CHOICE_RIGHT,
    CHOICE_ALL_NUMBERS,  // bands = k / rows
    CHOICE_WHOLE,        // rows x bands = k alone
    CHOICE_FIRST,        // the fewest rows that do
    CHOICE_DOWN,         // the quotient of the logarithms rounded down
    CHOICE_SURE,         // that which finds most
    CHOICE_NO_LEAST,     // that which finds the least of `low`
    CHOICE_WORST,        // the most of `low`
    CHOICE_FEWEST,       // the fewest numbers
    CHOICE_LESS,         // fewer than k numbers
    CHOICE_OTHER,        // rows and bands exchanged in the curve
    CHOICE_SWAPPED,      // and in the result
    CHOICE_MOST_ROWS,    // the most rows that do
    CHOICE_TO_ROOT,      // rows x rows <= k
    CHOICE_FEW_ROWS,     // rows < k
    CHOICE_TWO_BANDS,    // two bands or more
    CHOICE_ONE_BAND,     // the first number of bands alone is tried
    CHOICE_WHOLE_BANDS,  // rows that k is a multiple of
    CHOICE_STRICT,       // with more than `least`
    CHOICE_AT_LOW,       // finds `low` with probability `least`
    CHOICE_THRESHOLD,    // steepest nearest to the middle of high and low
    CHOICE_APART,        // high and low farthest apart
    // of the fewest bands that do, for each number of rows
    CHOICE_APART_FEWEST,
    CHOICE_FINDS_MOST,
    CHOICE_OTHER_FEWEST,
    CHOICE_AT_LOW_FEWEST,
    CHOICE_THRESHOLD_FEWEST,
    CHOICE_WORST_FEWEST,
} ChoiceRule;

static bool is_choice(ChoiceRule rule, const Wish *w, int rows, int bands) {
    if (rule == CHOICE_ALL_NUMBERS && bands != w->k / rows) return false;
    if (rule == CHOICE_WHOLE && rows * bands != w->k) return false;
    if (rule == CHOICE_SURE && bands != w->k) return false;
    if (rule == CHOICE_LESS && rows * bands == w->k) return false;
    if (rule == CHOICE_TO_ROOT && rows * rows > w->k) return false;
    if (rule == CHOICE_FEW_ROWS && rows == w->k) return false;
    if (rule == CHOICE_TWO_BANDS && bands < 2) return false;
    if (rule == CHOICE_ONE_BAND && bands > 1) return false;
    if (rule == CHOICE_WHOLE_BANDS && w->k % rows != 0) return false;
    if (rule == CHOICE_OTHER || rule == CHOICE_OTHER_FEWEST)
        return lsh_curve(w->high, bands, rows) >= w->least;
    if (rule == CHOICE_AT_LOW || rule == CHOICE_AT_LOW_FEWEST)
        return lsh_curve(w->low, rows, bands) >= w->least;
    if (rule == CHOICE_STRICT) return lsh_curve(w->high, rows, bands) > w->least;
    if (rule == CHOICE_DOWN)
        return bands == (int)(log(1 - w->least) / log(1 - pow(w->high, rows)));
    return rule == CHOICE_NO_LEAST || lsh_curve(w->high, rows, bands) >= w->least;
}

static double cost_by(ChoiceRule rule, const Wish *w, int rows, int bands) {
    if (rule == CHOICE_FIRST) return rows;
    if (rule == CHOICE_MOST_ROWS) return -rows;
    if (rule == CHOICE_FEWEST) return rows * bands;
    double low = lsh_curve(w->low, rows, bands), high = lsh_curve(w->high, rows, bands),
           middle = (w->low + w->high) / 2;
    switch (rule) {
        case CHOICE_WORST:
        case CHOICE_WORST_FEWEST: return -low;
        case CHOICE_OTHER:
        case CHOICE_OTHER_FEWEST: return lsh_curve(w->low, bands, rows);
        case CHOICE_THRESHOLD:
        case CHOICE_THRESHOLD_FEWEST: return fabs(lsh_threshold(rows, bands) - middle);
        case CHOICE_APART:
        case CHOICE_APART_FEWEST: return low - high;
        case CHOICE_FINDS_MOST: return -high;
        default: return low;
    }
}

static void choice_by(int rule, const void *of, double *to) {
    const Wish *w = of;
    double best = INFINITY;
    to[0] = to[1] = 0;
    for (int rows = 1; rows <= w->k; rows++)
        for (int bands = 1; rows * bands <= w->k; bands++) {
            if (!is_choice((ChoiceRule)rule, w, rows, bands)) continue;
            double cost = cost_by((ChoiceRule)rule, w, rows, bands);
            if (cost < best) best = cost, to[0] = rows, to[1] = bands;
            if (rule >= CHOICE_APART_FEWEST) break;
        }
    double rows = to[0];
    if (rule == CHOICE_SWAPPED) to[0] = to[1], to[1] = rows;
}

static const Slip CHOICE_SLIPS[] = {
    {CHOICE_ALL_NUMBERS, "most-bands",
     "as many bands as fit: fewer may do, and find less of what is not similar"},
    {CHOICE_WHOLE, "no-rest", "numbers may be left over: rows x bands <= k"},
    {CHOICE_FIRST, "fewest-rows",
     "the fewest rows that do, which find most of all else too: the least of `low` is "
     "wanted"},
    {CHOICE_DOWN, "one-band-short",
     "with one band less than it takes: the quotient of logarithms is rounded up"},
    {CHOICE_SURE, "surest",
     "this one finds most pairs: of those that find enough, the "
     "one with the least in vain is wanted"},
    {CHOICE_NO_LEAST, "misses-all", "it does not find `high` with probability `least`"},
    {CHOICE_WORST, "most-in-vain",
     "this one finds the most pairs of similarity `low`: the least is wanted"},
    {CHOICE_FEWEST, "fewest-numbers",
     "the fewest numbers: of those that find enough, the one with the least in vain"},
    {CHOICE_LESS, "not-all-numbers", "rows x bands may be k itself"},
    {CHOICE_OTHER, "curve-exchanged", "lsh_curve(s, rows, bands): rows come first"},
    {CHOICE_SWAPPED, "result-exchanged", "rows and bands of the result are exchanged"},
    {CHOICE_MOST_ROWS, "most-rows",
     "the most rows that do, which is not always the one with the least in vain: "
     "keep the least so far, and compare with it"},
    {CHOICE_TO_ROOT, "rows-to-the-root",
     "rows end at the root of k: they may be more, and the bands fewer"},
    {CHOICE_FEW_ROWS, "not-all-numbers", "rows may be k itself, with one band"},
    {CHOICE_TWO_BANDS, "one-band-left-out", "one band may do"},
    {CHOICE_ONE_BAND, "one-band-tried",
     "one band alone was tried for each number of rows: where that finds too little, "
     "go on with more"},
    {CHOICE_WHOLE_BANDS, "no-rest",
     "only rows that k is a multiple of were tried: numbers may be left over"},
    {CHOICE_STRICT, "least-left-out", "with probability `least` or more: >=, not >"},
    {CHOICE_AT_LOW, "high-and-low",
     "it is a pair of similarity `high` that is to be found with probability `least`"},
    {CHOICE_AT_LOW_FEWEST, "high-and-low",
     "it is a pair of similarity `high` that is to be found with probability `least`"},
    {CHOICE_THRESHOLD, "by-threshold",
     "chosen by where the curve is steepest: by how often `low` is found"},
    {CHOICE_THRESHOLD_FEWEST, "by-threshold",
     "chosen by where the curve is steepest: by how often `low` is found"},
    {CHOICE_APART, "farthest-apart",
     "`high` and `low` are farthest apart here: of those that find enough of `high`, "
     "the one with the least of `low` is wanted"},
    {CHOICE_APART_FEWEST, "farthest-apart",
     "`high` and `low` are farthest apart here: of those that find enough of `high`, "
     "the one with the least of `low` is wanted"},
    {CHOICE_FINDS_MOST, "surest",
     "this one finds most pairs of similarity `high`: of those that find enough, the "
     "one with the least of `low` is wanted"},
    {CHOICE_OTHER_FEWEST, "curve-exchanged",
     "lsh_curve(s, rows, bands): rows come first"},
    {CHOICE_WORST_FEWEST, "most-in-vain",
     "this one finds the most pairs of similarity `low`: the least is wanted"},
};

// One error, in all of these.
static const Wish WISHES[] = {{100, 0.8, 0.95, 0.5},
                              {50, 0.7, 0.9, 0.2},
                              {1, 0.9, 0.85, 0.1},
                              {8, 0.9, 0.7, 0.6},
                              {1, 0.75, 0.75, 0.1}};
enum { WISH_COUNT = COUNT_OF(WISHES) };

static void choices_by(int rule, const void *of, double *to) {
    const Wish *w = of;
    for (int i = 0; i < WISH_COUNT; i++) choice_by(rule, &w[i], to + 2 * i);
}

static void few_by(int rule, const void *of, double *to) {
    const Wish *w = of;
    for (int i = 0; i < 3; i++) choice_by(rule, &w[i], to + 2 * i);
}

// Which of the wish's conditions is not kept.
static void recognise_wish(Grade *g, const Wish *w, const double *got,
                           const double *right) {
    int rows = (int)got[0], bands = (int)got[1];
    if (got[0] == right[0] && got[1] == right[1]) return;
    grade_mistake(g, rows < 1 || bands < 1, "nothing-found",
                  "of %d numbers %.0f rows and %.0f bands find %g with probability %g, "
                  "here none do",
                  w->k, right[0], right[1], w->high, w->least);
    if (rows < 1 || bands < 1) return;
    double high = lsh_curve(w->high, rows, bands), low = lsh_curve(w->low, rows, bands);
    grade_mistake(g, high < w->least, "finds-too-little",
                  "%d rows and %d bands find %g with probability %.3g: `least` is %g",
                  rows, bands, w->high, high, w->least);
    grade_mistake(g, low > lsh_curve(w->low, (int)right[0], (int)right[1]),
                  "not-the-least",
                  "%d rows and %d bands find enough of `high`, and so do others that "
                  "find less of `low`: %.3g here",
                  rows, bands, low);
}

static void check_choice(Grade *g) {
    double got[2 * WISH_COUNT], right[2 * WISH_COUNT], exchanged[2 * WISH_COUNT];
    choices_by(CHOICE_SWAPPED, WISHES, exchanged);
    choices_by(CHOICE_RIGHT, WISHES, right);
    bool swapped = true, good = true, many = false;
    for (int i = 0; i < WISH_COUNT; i++) {
        Wish w = WISHES[i];
        Banding b = banding_for(w.k, w.high, w.least, w.low);
        got[2 * i] = b.rows, got[2 * i + 1] = b.bands;
        many |= (double)b.rows * b.bands > w.k;  // an int of them may overflow
    }
    for (int i = 0; i < 2 * WISH_COUNT; i++)
        swapped &= got[i] == exchanged[i], good &= got[i] == right[i];
    grade_mistake(g, !swapped && many, "too-many",
                  "rows x bands are more than the signature has: for many rows bands "
                  "are millions, and an int of rows x bands overflows");
    grade_slip(g, "rows and bands of five wishes", got, 2 * WISH_COUNT, 0, choices_by,
               WISHES, CHOICE_SLIPS, COUNT_OF(CHOICE_SLIPS));
    for (int i = 0; i < WISH_COUNT && !good; i++)
        recognise_wish(g, &WISHES[i], got + 2 * i, right + 2 * i);
    grade_numbers(g, 4, "rows and bands of 100 numbers for 0.8 (0.95), against 0.5",
                  got, 2, 0, choice_by, &WISHES[0], NULL, 0);
    grade_numbers(g, 1, "rows and bands of 50 numbers for 0.7 (0.9), against 0.2",
                  got + 2, 2, 0, choice_by, &WISHES[1], NULL, 0);
    // nothing of similarity 0 is ever found: all cuts that do are equal
    grade_mistake(g, good && banding_for(20, 0.8, 0.9, 0).rows > 1, "ties",
                  "of cuts that find equally little the one of fewer rows is wanted: "
                  "compare with <, from the fewest rows on");
    int rows = banding_for(20, 0.8, 0.9, 0).rows;
    grade_expect(g, 0, !good || rows == 1,
                 "20 numbers for 0.8 (0.9), against 0: %d rows, should be 1", rows);
    grade_numbers(g, 1,
                  "rows and bands of 1 number for 0.9 (0.85), of 8 for 0.9 (0.7) and "
                  "of 1 for 0.75 (0.75)",
                  got + 4, 6, 0, few_by, &WISHES[2], NULL, 0);
}

static void check_none(Grade *g) {
    Banding b = banding_for(4, 0.3, 0.99, 0.1);
    grade_mistake(g, b.rows != 0 || b.bands != 0, "none-will-do",
                  "no cut finds it as often as that: {0}, not the best there is");
    grade_expect(
        g, 2, b.rows == 0 && b.bands == 0,
        "4 numbers for 0.3 with probability 0.99: %d rows, %d bands, should be "
        "0 and 0",
        b.rows, b.bands);
}

// ---- sets from signatures

#define JOINED \
    "the numbers were joined bit by bit: each is the least hash of a set, so the " \
    "least " \
    "of the two is that of the union"
#define SIGNED_HASHES \
    "compared as signed numbers: hashes are unsigned, and half of them are above " \
    "INT64_MAX"

enum { NUMBERS_EACH = 6 };  // numbers of a signature
// the fifth are the same as doubles
static const uint64_t
    OF_A[NUMBERS_EACH] = {5, UINT64_MAX, 7, 1, (1ull << 60) + 1, 1ull << 33 | 9},
    OF_B[NUMBERS_EACH] = {9, 3, 7, 0, (1ull << 60) + 2, 1ull << 34 | 2}, UNSET = 77;

typedef enum {
    UNION_RIGHT,
    UNION_LARGER,
    UNION_SUM,
    UNION_OR,
    UNION_AND,
    UNION_XOR,
    UNION_FIRST,
    UNION_SECOND,
    UNION_SIGNED,      // compared as signed numbers
    UNION_DIFFERENCE,  // by the sign of their difference
    UNION_INT,         // compared as ints
    UNION_DOUBLE,      // as doubles
    UNION_SHORT,       // 32 bits
    UNION_COMMON,      // what both have, else 0
    UNION_LAST_UNSET,
    UNION_NOT_WRITTEN,
    UNION_TURNS,
    UNION_MEAN,
    UNION_RULES
} UnionRule;

static uint64_t union_by(UnionRule rule, int i) {
    uint64_t a = OF_A[i], b = OF_B[i], least = a < b ? a : b;
    switch (rule) {
        case UNION_LARGER: return a > b ? a : b;
        case UNION_SUM: return a + b;
        case UNION_OR: return a | b;
        case UNION_AND: return a & b;
        case UNION_XOR: return a ^ b;
        case UNION_FIRST: return a;
        case UNION_SECOND: return b;
        case UNION_SIGNED: return (int64_t)a < (int64_t)b ? a : b;
        case UNION_DIFFERENCE: return (int64_t)(a - b) < 0 ? a : b;
        case UNION_INT: return (int32_t)a < (int32_t)b ? a : b;
        case UNION_DOUBLE: return i == 4 ? 1ull << 60 : least;
        case UNION_SHORT: return (uint32_t)least;
        case UNION_COMMON: return a == b ? a : 0;
        case UNION_LAST_UNSET: return i == NUMBERS_EACH - 1 ? UNSET : least;
        case UNION_NOT_WRITTEN: return UNSET;
        case UNION_TURNS: return i % 2 ? a : b;
        case UNION_MEAN: return (a + b) / 2;
        default: return least;
    }
}

static const struct {
    const char *code, *says;
} UNION_SLIPS[UNION_RULES] = {
    [UNION_LARGER] = {"union-maximum",
                      "the larger of each two: the least of a union is the smaller "
                      "one"},
    [UNION_SUM] = {"union-of-bits",
                   "the numbers were added: each is the least hash of a set, so the "
                   "least of the two is that of the union"},
    [UNION_OR] = {"union-of-bits", JOINED},
    [UNION_AND] = {"union-of-bits", JOINED},
    [UNION_XOR] = {"union-of-bits", JOINED},
    [UNION_FIRST] = {"union-first", "the first set's signature"},
    [UNION_SECOND] = {"union-second", "the second set's signature"},
    [UNION_SIGNED] = {"union-signed", SIGNED_HASHES},
    [UNION_DIFFERENCE] = {"union-signed", SIGNED_HASHES},
    [UNION_INT] = {"union-cut",
                   "numbers of 64 bits were compared as ints, which have 32"},
    [UNION_DOUBLE] = {"union-cut",
                      "the numbers became doubles, which have 53 of their 64 bits: "
                      "fmin is not for them"},
    [UNION_SHORT] = {"union-cut", "the numbers lost their upper half: uint64_t"},
    [UNION_COMMON] = {"union-common",
                      "where the two differ it is 0: the least of the two is that of "
                      "the union"},
    [UNION_LAST_UNSET] = {"union-last", "the last number was not written"},
    [UNION_NOT_WRITTEN] = {"union-not-written", "nothing was written"},
    [UNION_TURNS] = {"union-turns",
                     "numbers of the one and of the other in turn: the least of each "
                     "two"},
    [UNION_MEAN] = {"union-mean",
                    "the mean of each two: each is the least hash of a set, so the "
                    "least of the two is that of the union"},
};

static void check_union(Grade *g) {
    uint64_t blank[NUMBERS_EACH];
    for (int i = 0; i < NUMBERS_EACH; i++) blank[i] = UNSET;
    uint64_t *to = grade_guarded("to", blank, sizeof blank);
    signature_union(grade_guarded("a", OF_A, sizeof OF_A),
                    grade_guarded("b", OF_B, sizeof OF_B), NUMBERS_EACH, to);
    int same[UNION_RULES] = {0};
    for (int rule = 0; rule < UNION_RULES; rule++)
        for (int i = 0; i < NUMBERS_EACH; i++)
            same[rule] += to[i] == union_by((UnionRule)rule, i);
    bool good = same[UNION_RIGHT] == NUMBERS_EACH;
    for (int rule = 1; rule < UNION_RULES; rule++)
        grade_mistake(g, !good && same[rule] == NUMBERS_EACH, UNION_SLIPS[rule].code,
                      "%s", UNION_SLIPS[rule].says);
    grade_expect(g, 3, good, "the union's signature: %d of %d numbers are right",
                 same[UNION_RIGHT], NUMBERS_EACH);
    static const uint64_t a[] = {5, 7, 1}, b[] = {9, 7, 0};
    signature_union(a, b, 3, to);
    grade_contrast(g, to[0] == 5 && to[1] == 7 && to[2] == 0, "only-small",
                   "the union's signature: right for small numbers: hashes have all 64 "
                   "bits, and no sign");
}

typedef enum {
    IN_RIGHT,
    IN_OTHER,       // share of B
    IN_SIMILARITY,  // J
    IN_NO_BOTH,     // J (a + b) / a
    IN_COUNT,       // elements, not a share
    IN_MINUS,       // 1 - J
    IN_OF_B,        // J b / a
    IN_OF_A,        // J a / b
    IN_OF_BOTH,     // of a + b
    IN_PRODUCT,     // a b for a + b
    IN_UPSIDE,      // a / both
    IN_DICE,        // 2 J / (1 + J)
    IN_TIMES,       // J a
    IN_SMALLER,     // of the smaller set
    IN_LARGER,
    IN_LARGER_SET,  // J times the larger set, of a
    IN_HALF,        // J times the mean of the two
    IN_NO_J,        // J missing above
    IN_BRACKETS,    // J (a + b) / 1 + J
    IN_B_ALONE,     // J b / (1 + J) / a
    IN_A_ALONE,     // J / (1 + J)
    IN_TWO_J,       // 1 + 2 J
} InRule;

static void inside_by(int rule, const void *of, double *to) {
    const double *x = of, both = x[0] * (x[1] + x[2]) / (1 + x[0]);
    *to = both / x[1];
    if (rule == IN_OTHER) *to = both / x[2];
    if (rule == IN_SIMILARITY) *to = x[0];
    if (rule == IN_NO_BOTH) *to = x[0] * (x[1] + x[2]) / x[1];
    if (rule == IN_COUNT) *to = both;
    if (rule == IN_MINUS) *to = x[0] * (x[1] + x[2]) / (1 - x[0]) / x[1];
    if (rule == IN_OF_B) *to = x[0] * x[2] / x[1];
    if (rule == IN_OF_A) *to = x[0] * x[1] / x[2];
    if (rule == IN_OF_BOTH) *to = both / (x[1] + x[2]);
    if (rule == IN_PRODUCT) *to = x[0] * x[2] / (1 + x[0]);
    if (rule == IN_UPSIDE) *to = x[1] / both;
    if (rule == IN_DICE) *to = 2 * x[0] / (1 + x[0]);
    if (rule == IN_TIMES) *to = x[0] * x[1];
    if (rule == IN_SMALLER) *to = both / fmin(x[1], x[2]);
    if (rule == IN_LARGER) *to = both / fmax(x[1], x[2]);
    if (rule == IN_LARGER_SET) *to = x[0] * fmax(x[1], x[2]) / x[1];
    if (rule == IN_HALF) *to = x[0] * (x[1] + x[2]) / 2 / x[1];
    if (rule == IN_NO_J) *to = (x[1] + x[2]) / (1 + x[0]) / x[1];
    if (rule == IN_B_ALONE) *to = x[0] / (1 + x[0]) * x[2] / x[1];
    if (rule == IN_TWO_J) *to = x[0] * (x[1] + x[2]) / (1 + 2 * x[0]) / x[1];
    if (rule == IN_A_ALONE) *to = x[0] / (1 + x[0]);
    if (rule == IN_BRACKETS) *to = (x[0] * (x[1] + x[2]) + x[0]) / x[1];
}

static void insides_by(int rule, const void *of, double *to) {
    const double *x = of;
    for (int i = 0; i < 2; i++) inside_by(rule, x + 3 * i, &to[i]);
}

static const Slip INSIDE_SLIPS[] = {
    {IN_OTHER, "share-of-other", "the share of B that lies in A"},
    {IN_SIMILARITY, "similarity", "J itself: it is a share of the union"},
    {IN_NO_BOTH, "counted-twice",
     "what lies in both is in a and in b: the union has a + b - n elements"},
    {IN_COUNT, "elements", "how many elements they share: which share of A?"},
    {IN_MINUS, "one-minus",
     "J (a + b - n) = n gives n = J (a + b) / (1 + J), not 1 - J"},
    {IN_OF_B, "of-b-alone", "J is a share of the union, a + b - n, not of b"},
    {IN_OF_A, "of-a-alone", "J is a share of the union, a + b - n, not of a"},
    {IN_TIMES, "of-a-alone", "J is a share of the union, a + b - n, not of a"},
    {IN_OF_BOTH, "of-a-and-b", "divided by a + b: the share of A divides by a"},
    {IN_PRODUCT, "product", "a + b, not a b: the union has a + b - n elements"},
    {IN_UPSIDE, "upside-down", "upside down: n / a"},
    {IN_SMALLER, "of-the-smaller",
     "divided by the smaller of the two sets: by a, whichever is larger"},
    {IN_LARGER, "of-the-larger", "divided by the larger of the two sets: by a"},
    {IN_LARGER_SET, "of-the-larger",
     "J times the larger set: J is a share of the union, a + b - n"},
    {IN_HALF, "of-the-mean",
     "J times the mean of the two sizes: J is a share of the union, a + b - n"},
    {IN_NO_J, "no-similarity", "J is missing above the line: n = J (a + b) / (1 + J)"},
    {IN_BRACKETS, "brackets", "brackets are missing: J (a + b) / (1 + J)"},
    {IN_B_ALONE, "of-b-alone",
     "J b / (1 + J): the union has a + b - n elements, so n = J (a + b) / (1 + J)"},
    {IN_TWO_J, "two-similarities",
     "J (a + b - n) = n gives n = J (a + b) / (1 + J), not 1 + 2 J"},
    {IN_A_ALONE, "of-a-alone",
     "J a / (1 + J): the union has a + b - n elements, so n = J (a + b) / (1 + J)"},
    {IN_DICE, "dice", "2 J / (1 + J) holds for sets of the same size alone"},
};

static void check_containment(Grade *g) {
    const double x[] = {0.2, 60, 200, 0.1, 90, 30};
    double got[] = {containment(x[0], x[1], x[2]), containment(x[3], x[4], x[5])};
    grade_mistake(g, containment(0.5, 10, 100) == 1, "clamped",
                  "more than 1 was made 1: what an estimated J gives is returned as it "
                  "is");
    double over = containment(0.5, 10, 100);
    grade_expect(g, 0, over != 1, "J = 0.5, 10 and 100 elements: %g", over);
    grade_numbers(
        g, 4, "what lies in B of A, J = 0.2, 60 and 200 elements, or 0.1, 90 and 30",
        got, 2, TOLERANCE, insides_by, x, INSIDE_SLIPS, COUNT_OF(INSIDE_SLIPS));
    grade_contrast(g, fabs(containment(0.2, 60, 60) - 1. / 3) < TOLERANCE,
                   "only-equal-sets",
                   "containment: right for sets of the same size: which size stands "
                   "where?");
    grade_contrast(g, fabs(containment(1, 60, 60) - 1) < TOLERANCE, "only-same-set",
                   "containment: right for two sets that are the same: of how many "
                   "elements is J a share where they are not?");
    grade_contrast(g, containment(0, 60, 200) == 0, "only-nothing-shared",
                   "containment: right where J is 0: J (a + b - n) = n; what is n, the "
                   "number that both have?");
}

void check_bands(Grade *g) {
    grade_part(g, check_middle(g));
    grade_part(g, check_costs(g));
    grade_part(g, check_choice(g));
    grade_part(g, check_none(g));
    grade_part(g, check_union(g));
    grade_part(g, check_containment(g));
}
