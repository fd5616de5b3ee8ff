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
    if (rule == MIDDLE_CURVE) *to = lsh_curve(0.5, b.rows, b.bands);
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
    };
    Banding b = {5, 20};
    double got = banding_middle(b);
    grade_mistake(g, got == 0 || got == 1, "integers", "1 / bands is 0 in integers");
    grade_numbers(g, 4, "the middle of 20 bands of 5 rows", &got, 1, TOLERANCE,
                  middle_by, &b, slips, COUNT_OF(slips));
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
} CostsRule;

static double found_by(CostsRule rule, const Banding *b, double s) {
    if (rule == COSTS_ONE_BAND) return pow(s, b->rows);
    if (rule == COSTS_SIMILARITY) return s;
    bool other = rule == COSTS_CURVE;
    return lsh_curve(s, other ? b->bands : b->rows, other ? b->rows : b->bands);
}

static void costs_by(int rule, const void *of, double *to) {
    const Banding *b = of;
    double all = 0, missed = 0, in_vain = 0;
    for (int i = 0; i < BINS; i++) {
        double curve = found_by((CostsRule)rule, b, S[i]),
               n = rule == COSTS_SHARES ? 1 : PAIRS[i], of_missed = n, of_vain = n;
        if (rule == COSTS_SHARES_MISSED) of_missed = 1;
        if (rule == COSTS_SHARES_VAIN) of_vain = 1;
        bool similar = rule == COSTS_EXCLUSIVE ? S[i] > HIGH : S[i] >= HIGH;
        if (rule == COSTS_INVERTED) similar = !similar;
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

static void check_costs(Grade *g) {
    static const Slip slips[] = {
        {COSTS_SWAPPED, "costs-exchanged", "the two are exchanged"},
        {COSTS_SHARES, "costs-shares",
         "probabilities were added: a bin has pairs[i] pairs"},
        {COSTS_EXCLUSIVE, "costs-border",
         "a pair of similarity `high` is one to be found"},
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
    };
    Banding b = {5, 20};
    BandingCosts c =
        banding_costs(b, grade_guarded("s", S, sizeof S),
                      grade_guarded("pairs", PAIRS, sizeof PAIRS), BINS, HIGH);
    double got[] = {c.missed, c.in_vain};
    grade_numbers(g, 6, "missed and in vain, of four bins", got, 2, TOLERANCE, costs_by,
                  &b, slips, COUNT_OF(slips));
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
} ChoiceRule;

static bool is_choice(ChoiceRule rule, const Wish *w, int rows, int bands) {
    if (rule == CHOICE_ALL_NUMBERS && bands != w->k / rows) return false;
    if (rule == CHOICE_WHOLE && rows * bands != w->k) return false;
    if (rule == CHOICE_SURE && bands != w->k) return false;
    if (rule == CHOICE_LESS && rows * bands == w->k) return false;
    if (rule == CHOICE_OTHER) return lsh_curve(w->high, bands, rows) >= w->least;
    if (rule == CHOICE_DOWN)
        return bands == (int)(log(1 - w->least) / log(1 - pow(w->high, rows)));
    return rule == CHOICE_NO_LEAST || lsh_curve(w->high, rows, bands) >= w->least;
}

static double cost_by(ChoiceRule rule, const Wish *w, int rows, int bands) {
    if (rule == CHOICE_FIRST) return rows;
    if (rule == CHOICE_MOST_ROWS) return -rows;
    if (rule == CHOICE_FEWEST) return rows * bands;
    if (rule == CHOICE_WORST) return -lsh_curve(w->low, rows, bands);
    if (rule == CHOICE_OTHER) return lsh_curve(w->low, bands, rows);
    return lsh_curve(w->low, rows, bands);
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
        }
    double rows = to[0];
    if (rule == CHOICE_SWAPPED) to[0] = to[1], to[1] = rows;
}

static const Slip CHOICE_SLIPS[] = {
    {CHOICE_ALL_NUMBERS, "most-bands",
     "as many bands as fit: fewer may do, and find less of what is not similar"},
    {CHOICE_WHOLE, "no-rest", "numbers may be left over: rows x bands <= k"},
    {CHOICE_FIRST, "fewest-rows", "the fewest rows that do find most of all else too"},
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
     "the most rows that do: of those that find enough, the one with the least in "
     "vain"},
};

static void check_wish(Grade *g, int points, const char *what, Wish w) {
    Banding b = banding_for(w.k, w.high, w.least, w.low);
    double got[] = {b.rows, b.bands};
    double exchanged[2];
    choice_by(CHOICE_SWAPPED, &w, exchanged);
    bool swapped = b.rows == exchanged[0] && b.bands == exchanged[1];
    grade_mistake(g, !swapped && b.rows * b.bands > w.k, "too-many",
                  "rows x bands are more than the signature has");
    grade_numbers(g, points, what, got, 2, 0, choice_by, &w, CHOICE_SLIPS,
                  COUNT_OF(CHOICE_SLIPS));
}

static void check_choice(Grade *g) {
    check_wish(g, 4, "rows and bands of 100 numbers for 0.8 (0.95), against 0.5",
               (Wish){100, 0.8, 0.95, 0.5});
    check_wish(g, 1, "rows and bands of 50 numbers for 0.7 (0.9), against 0.2",
               (Wish){50, 0.7, 0.9, 0.2});
    // nothing of similarity 0 is ever found: all cuts that do are equal
    grade_mistake(g, banding_for(20, 0.8, 0.9, 0).rows > 1, "ties",
                  "of cuts that find equally little the one of fewer rows is wanted: "
                  "compare with <, from the fewest rows on");
    check_wish(g, 1, "rows and bands of 1 number for 0.9 (0.85), against 0.1",
               (Wish){1, 0.9, 0.85, 0.1});
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

static void check_union(Grade *g) {
    static const uint64_t a[] = {5, UINT64_MAX, 7, 1}, b[] = {9, 3, 7, 0};
    uint64_t blank[4] = {77, 77, 77, 77},
             *to = grade_guarded("to", blank, sizeof blank);
    signature_union(grade_guarded("a", a, sizeof a), grade_guarded("b", b, sizeof b), 4,
                    to);
    int same = 0, larger = 0;
    for (int i = 0; i < 4; i++) {
        uint64_t least = a[i] < b[i] ? a[i] : b[i], most = a[i] > b[i] ? a[i] : b[i];
        same += to[i] == least, larger += to[i] == most;
    }
    int sums = 0, either = 0, both = 0;
    for (int i = 0; i < 4; i++)
        sums += to[i] == a[i] + b[i], either += to[i] == (a[i] | b[i]),
            both += to[i] == (a[i] & b[i]);
    grade_mistake(
        g, sums == 4 || either == 4 || both == 4, "union-of-bits",
        "the numbers were %s: each is the least hash of a set, so the least of "
        "the two is that of the union",
        sums == 4 ? "added" : "joined bit by bit");
    grade_mistake(g, larger == 4, "union-maximum",
                  "the larger of each two: the least of a union is the smaller one");
    grade_mistake(g, to[0] == 9 && to[1] == 3 && to[3] == 0, "union-second",
                  "the second set's signature");
    grade_mistake(g, to[0] == 77 && to[3] == 77, "union-not-written",
                  "nothing was written");
    grade_mistake(g, to[0] == 5 && to[1] == UINT64_MAX && to[3] == 1, "union-first",
                  "the first set's signature");
    grade_expect(g, 3, same == 4, "the union's signature: %d of 4 numbers are right",
                 same);
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
}

static void insides_by(int rule, const void *of, double *to) {
    const double *x = of;
    for (int i = 0; i < 2; i++) inside_by(rule, x + 3 * i, &to[i]);
}

static void check_containment(Grade *g) {
    static const Slip slips[] = {
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
        {IN_DICE, "dice", "2 J / (1 + J) holds for sets of the same size alone"},
    };
    const double x[] = {0.2, 60, 200, 0.1, 90, 30};
    double got[] = {containment(x[0], x[1], x[2]), containment(x[3], x[4], x[5])};
    grade_numbers(
        g, 4, "what lies in B of A, J = 0.2, 60 and 200 elements, or 0.1, 90 and 30",
        got, 2, TOLERANCE, insides_by, x, slips, COUNT_OF(slips));
}

void check_bands(Grade *g) {
    grade_part(g, check_middle(g));
    grade_part(g, check_costs(g));
    grade_part(g, check_choice(g));
    grade_part(g, check_none(g));
    grade_part(g, check_union(g));
    grade_part(g, check_containment(g));
}
