// Problem 7: bands for a threshold.
#include <math.h>

#include "ch04_pretrain/homework/grade.h"

static const double TOLERANCE = 1e-9;

// ---- the middle

typedef enum {
    MIDDLE_RIGHT,
    MIDDLE_STEEPEST,   // (1/b)^(1/r)
    MIDDLE_SWAPPED,    // rows for bands
    MIDDLE_ONE_BAND,   // (1/2)^(1/r)
    MIDDLE_ROOT,       // without the r-th root
    MIDDLE_INSIDE_OUT  // the two steps the other way round
} MiddleRule;

static void middle_by(int rule, const void *of, double *to) {
    Banding b = *(const Banding *)of;
    if (rule == MIDDLE_SWAPPED) b = (Banding){b.bands, b.rows};
    *to = pow(1 - pow(0.5, 1.0 / b.bands), 1.0 / b.rows);
    if (rule == MIDDLE_STEEPEST) *to = pow(1.0 / b.bands, 1.0 / b.rows);
    if (rule == MIDDLE_ONE_BAND) *to = pow(0.5, 1.0 / b.rows);
    if (rule == MIDDLE_INSIDE_OUT)
        *to = 1 - pow(1 - pow(0.5, 1.0 / b.bands), 1.0 / b.rows);
    if (rule == MIDDLE_ROOT) *to = 1 - pow(0.5, 1.0 / b.bands);
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
    COSTS_SWAPPED,     // missed and in vain
    COSTS_SHARES,      // not times the pairs
    COSTS_EXCLUSIVE,   // s = high is below
    COSTS_FOUND,       // what is found, on both sides
    COSTS_OVER_PAIRS,  // divided by all pairs
    COSTS_NOT_FOUND,   // what is not found, on both sides
    COSTS_CURVE        // rows and bands exchanged
} CostsRule;

static void costs_by(int rule, const void *of, double *to) {
    const Banding *b = of;
    double all = 0, missed = 0, in_vain = 0;
    for (int i = 0; i < BINS; i++) {
        bool other = rule == COSTS_CURVE;
        double curve = lsh_curve(S[i], other ? b->bands : b->rows,
                                 other ? b->rows : b->bands),
               n = rule == COSTS_SHARES ? 1 : PAIRS[i];
        bool similar = rule == COSTS_EXCLUSIVE ? S[i] > HIGH : S[i] >= HIGH;
        all += PAIRS[i];
        if (similar) missed += n * (rule == COSTS_FOUND ? curve : 1 - curve);
        else in_vain += n * (rule == COSTS_NOT_FOUND ? 1 - curve : curve);
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
    CHOICE_NO_LEAST      // that which finds the least of `low`
} ChoiceRule;

static bool is_choice(ChoiceRule rule, const Wish *w, int rows, int bands) {
    if (rule == CHOICE_ALL_NUMBERS && bands != w->k / rows) return false;
    if (rule == CHOICE_WHOLE && rows * bands != w->k) return false;
    if (rule == CHOICE_SURE && bands != w->k) return false;
    if (rule == CHOICE_DOWN)
        return bands == (int)(log(1 - w->least) / log(1 - pow(w->high, rows)));
    return rule == CHOICE_NO_LEAST || lsh_curve(w->high, rows, bands) >= w->least;
}

static double cost_by(ChoiceRule rule, const Wish *w, int rows, int bands) {
    if (rule == CHOICE_FIRST) return rows;
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
}

static const Slip CHOICE_SLIPS[] = {
    {CHOICE_ALL_NUMBERS, "all-bands",
     "as many bands as fit: fewer may do, and find less of what is not similar"},
    {CHOICE_WHOLE, "no-rest", "numbers may be left over: rows x bands <= k"},
    {CHOICE_FIRST, "fewest-rows", "the fewest rows that do find most of all else too"},
    {CHOICE_DOWN, "one-band-short",
     "with one band less than it takes: the quotient of logarithms is rounded up"},
    {CHOICE_SURE, "surest",
     "this one finds most pairs: of those that find enough, the "
     "one with the least in vain is wanted"},
    {CHOICE_NO_LEAST, "misses-all", "it does not find `high` with probability `least`"},
};

static void check_wish(Grade *g, int points, const char *what, Wish w) {
    Banding b = banding_for(w.k, w.high, w.least, w.low);
    double got[] = {b.rows, b.bands};
    grade_mistake(g, b.rows * b.bands > w.k, "too-many",
                  "rows x bands are more than the signature has");
    grade_numbers(g, points, what, got, 2, 0, choice_by, &w, CHOICE_SLIPS,
                  COUNT_OF(CHOICE_SLIPS));
}

static void check_choice(Grade *g) {
    check_wish(g, 4, "rows and bands of 100 numbers for 0.8 (0.95), against 0.5",
               (Wish){100, 0.8, 0.95, 0.5});
    check_wish(g, 1, "rows and bands of 50 numbers for 0.7 (0.9), against 0.2",
               (Wish){50, 0.7, 0.9, 0.2});
    check_wish(g, 1, "rows and bands of 1 number for 0.9 (0.85), against 0.1",
               (Wish){1, 0.9, 0.85, 0.1});
}

static void check_none(Grade *g) {
    Banding b = banding_for(4, 0.3, 0.99, 0.1);
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
    grade_mistake(g, larger == 4, "union-maximum",
                  "the larger of each two: the least of a union is the smaller one");
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
    IN_COUNT        // elements, not a share
} InRule;

static void inside_by(int rule, const void *of, double *to) {
    const double *x = of, both = x[0] * (x[1] + x[2]) / (1 + x[0]);
    *to = both / x[1];
    if (rule == IN_OTHER) *to = both / x[2];
    if (rule == IN_SIMILARITY) *to = x[0];
    if (rule == IN_NO_BOTH) *to = x[0] * (x[1] + x[2]) / x[1];
    if (rule == IN_COUNT) *to = both;
}

static void check_containment(Grade *g) {
    static const Slip slips[] = {
        {IN_OTHER, "share-of-other", "the share of B that lies in A"},
        {IN_SIMILARITY, "similarity", "J itself: it is a share of the union"},
        {IN_NO_BOTH, "counted-twice",
         "what lies in both is in a and in b: the union has a + b - n elements"},
        {IN_COUNT, "elements", "how many elements they share: which share of A?"},
    };
    double x[] = {0.2, 60, 200}, got = containment(x[0], x[1], x[2]);
    grade_numbers(g, 4, "what lies in B of A, J = 0.2, 60 and 200 elements", &got, 1,
                  TOLERANCE, inside_by, x, slips, COUNT_OF(slips));
}

void check_bands(Grade *g) {
    grade_part(g, check_middle(g));
    grade_part(g, check_costs(g));
    grade_part(g, check_choice(g));
    grade_part(g, check_none(g));
    grade_part(g, check_union(g));
    grade_part(g, check_containment(g));
}
