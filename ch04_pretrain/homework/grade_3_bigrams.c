// Problem 3: two smoothed bigrams.
#include <math.h>

#include "ch04_pretrain/homework/grade.h"

// Five tokens. Row 2 saw three of them, row 3 nothing, row 4 all.
enum { V = 5, SEEN_SOME = 2, SEEN_ONE = 1, SEEN_NONE = 3, SEEN_ALL = 4 };
static const int COUNT[V * V] = {
    1, 2, 0, 0, 1,  //
    0, 0, 6, 0, 0,  //
    4, 1, 0, 2, 0,  //
    0, 0, 0, 0, 0,  //
    1, 3, 1, 2, 5,
};
static const double LOWER[V] = {0.35, 0.2, 0.15, 0.25, 0.05};
static const double BEFORE = 9;         // what is in an array that is to be written
static const double TOLERANCE = 1e-12;  // a few sums of numbers up to 1, in double

static const int *guarded_counts(const int *count) {
    return grade_guarded("count", count, V * V * sizeof *count);
}
static double *blank_p(void) {
    const double blank[V] = {BEFORE, BEFORE, BEFORE, BEFORE, BEFORE};
    return grade_guarded("p", blank, sizeof blank);
}

static void name_added(Grade *g, const double *got, const double *want) {
    double added[V];
    for (int w = 0; w < V; w++) added[w] = want[w] + BEFORE;
    grade_mistake(g, near_array(got, added, V, TOLERANCE), "added-to",
                  "p was added to what the array held before: it is to be written, and "
                  "may hold anything");
}

static double sum_of(const double *p) {
    double sum = 0;
    for (int w = 0; w < V; w++) sum += p[w];
    return sum;
}

// ---- counts of counts

static double pairs_with(const int *count, int c) {
    double n = 0;
    for (int i = 0; i < V * V; i++) n += count[i] == c;
    return n;
}

typedef enum {
    DISCOUNT_RIGHT,
    DISCOUNT_ONE_N2,    // n_2 once
    DISCOUNT_TWO_N1,    // 2 n_1 + n_2
    DISCOUNT_OTHER,     // 1 - D
    DISCOUNT_AT_LEAST,  // counts of c and more
    DISCOUNT_UPSIDE,    // n_2 / (n_2 + 2 n_1)
    DISCOUNT_RATIO,     // n_1 / (2 n_2)
    DISCOUNT_TOKENS,    // n_2 counts tokens: two for each pair
    DISCOUNT_TWO_UP,    // n_2 counts pairs that came twice or more
    DISCOUNT_ROW,       // of the first history alone
    DISCOUNT_ALL,       // n_1 / all pairs
    DISCOUNT_BOTH_TWO,  // 2 n_1 / (2 n_1 + n_2)
    DISCOUNT_ZEROS,     // n_1 counts pairs that never came
    DISCOUNT_BRACKETS,  // n_1 / n_1 + 2 n_2
    DISCOUNT_SINGLES,   // of tokens, not of pairs
    DISCOUNT_THREES,    // n_3 for n_2
    DISCOUNT_TWO_ALL,   // n_1 / (2 (n_1 + n_2))
    DISCOUNT_FROM_ONE,  // the first pair is not looked at
} DiscountRule;

static void discount_by(int rule, const void *of, double *to) {
    const int *count = of;
    double ones = pairs_with(count, 1), twos = pairs_with(count, 2);
    if (rule == DISCOUNT_AT_LEAST) {
        ones = V * V - pairs_with(count, 0), twos = ones - pairs_with(count, 1);
    }
    if (rule == DISCOUNT_TWO_UP) twos = V * V - pairs_with(count, 0) - ones;
    if (rule == DISCOUNT_ROW) {
        ones = twos = 0;
        for (int w = 0; w < V; w++) ones += count[w] == 1, twos += count[w] == 2;
    }
    if (rule == DISCOUNT_THREES) twos = pairs_with(count, 3);
    if (rule == DISCOUNT_ZEROS) ones = pairs_with(count, 0);
    if (rule == DISCOUNT_SINGLES) {
        ones = twos = 0;
        for (int w = 0; w < V; w++) {
            int times = 0;
            for (int h = 0; h < V; h++) times += count[h * V + w];
            ones += times == 1, twos += times == 2;
        }
    }
    if (rule == DISCOUNT_FROM_ONE) ones -= count[0] == 1, twos -= count[0] == 2;
    *to = ones / (ones + 2 * twos);
    if (rule == DISCOUNT_SINGLES && ones == 0) *to = 0.5;
    if (rule == DISCOUNT_BOTH_TWO) *to = 2 * ones / (2 * ones + twos);
    if (rule == DISCOUNT_TWO_ALL) *to = ones / (2 * (ones + twos));
    if (rule == DISCOUNT_BRACKETS) *to = 1 + 2 * twos;
    if (rule == DISCOUNT_ALL) *to = ones / (V * V - pairs_with(count, 0));
    if (rule == DISCOUNT_ONE_N2) *to = ones / (ones + twos);
    if (rule == DISCOUNT_TWO_N1) *to = ones / (2 * ones + twos);
    if (rule == DISCOUNT_OTHER) *to = 1 - *to;
    if (rule == DISCOUNT_UPSIDE) *to = twos / (twos + 2 * ones);
    if (rule == DISCOUNT_TOKENS) *to = ones / (ones + 4 * twos);
    if (rule == DISCOUNT_RATIO) *to = ones / (2 * twos);
}

static const Slip DISCOUNT_SLIPS[] = {
    {DISCOUNT_ONE_N2, "one-n2", "n_1 / (n_1 + n_2): n_2 comes twice"},
    {DISCOUNT_TWO_N1, "two-n1", "the 2 belongs to n_2: n_1 / (n_1 + 2 n_2)"},
    {DISCOUNT_OTHER, "one-less", "this is 1 - D: n_1 is above the line"},
    {DISCOUNT_AT_LEAST, "at-least",
     "n_c counts pairs that came exactly c times, not c times or more"},
    {DISCOUNT_UPSIDE, "upside-down", "n_1 and n_2 are exchanged"},
    {DISCOUNT_TOKENS, "tokens-of-pairs",
     "n_2 is how many different pairs came twice: here each counts twice"},
    {DISCOUNT_TWO_UP, "two-or-more",
     "n_2 counts pairs that came exactly twice, not twice or more"},
    {DISCOUNT_ROW, "one-history",
     "this looks at the first history alone: pairs of all V V counts"},
    {DISCOUNT_ALL, "of-all-pairs",
     "divided by how many different pairs there are: by n_1 + 2 n_2"},
    {DISCOUNT_RATIO, "ratio", "n_1 is below the line too: n_1 / (n_1 + 2 n_2)"},
    {DISCOUNT_BOTH_TWO, "two-n1", "the 2 belongs to n_2 alone: n_1 / (n_1 + 2 n_2)"},
    {DISCOUNT_ZEROS, "zeros-for-ones",
     "n_1 counts pairs that came once, not those that never came"},
    {DISCOUNT_FROM_ONE, "first-pair", "the first pair, count[0], is not looked at"},
    {DISCOUNT_THREES, "threes", "n_2 counts pairs that came twice"},
    {DISCOUNT_TWO_ALL, "two-n1", "the 2 belongs to n_2 alone: n_1 / (n_1 + 2 n_2)"},
    {DISCOUNT_BRACKETS, "brackets", "brackets are missing: n_1 / (n_1 + 2 n_2)"},
    {DISCOUNT_SINGLES, "tokens-for-pairs",
     "n_c counts pairs, the numbers of count[] one by one: here counts of a token "
     "were added up first"},
};

static void check_discount(Grade *g) {
    int twice[V * V] = {2, 2, 0, 2}, first[V * V] = {1, 2}, ones[V * V] = {1, 1, 4};
    double got = pair_discount(guarded_counts(COUNT), V),
           none = pair_discount(guarded_counts(twice), V),
           two = pair_discount(guarded_counts(first), V),
           all = pair_discount(guarded_counts(ones), V);
    grade_mistake(
        g, got == 0, "discount-integers",
        "n_1 / (n_1 + 2 n_2) is a quotient of integers, 0: make one a double");
    grade_numbers(g, 3, "D of the counts", &got, 1, TOLERANCE, discount_by, COUNT,
                  DISCOUNT_SLIPS, COUNT_OF(DISCOUNT_SLIPS));
    grade_mistake(g, none == 0 || isnan(none), "no-ones",
                  "where no pair came once D is 1/2: 0 would discount nothing");
    double want;
    discount_by(DISCOUNT_RIGHT, COUNT, &want);
    bool usual = fabs(got - want) <= TOLERANCE;
    grade_mistake(g, usual && fabs(none - 0.5) > TOLERANCE, "no-ones-other",
                  "where no pair came once D is 1/2, here %g", none);
    grade_mistake(g, usual && fabs(all - 1) > TOLERANCE, "no-twos",
                  "where no pair came twice D is n_1 / n_1, 1, and not %g: the case of "
                  "its own is n_1 = 0",
                  all);
    grade_expect(g, 0, fabs(all - 1) <= TOLERANCE,
                 "D where two pairs came once and one four times is %g, should be 1",
                 all);
    Reading both[] = {
        {"D where n_1 = 0", none, 0.5, TOLERANCE},
        {"where the first pair came once, the next twice", two, 1. / 3, TOLERANCE}};
    grade_readings(g, 1, "few pairs", both, 2);
}

// ---- the continuation

typedef enum {
    CAME_AFTER,
    FOLLOWED,
    TOKENS,
    UNNORMALISED,
    OF_ALL_PAIRS,  // divided by V^2
    COUNTS,        // not divided
    OF_HISTORIES,  // divided by how many histories were seen
    OF_TOKENS,     // divided by all tokens
    AFTER_OTHERS,  // not after itself
    MORE_THAN_ONCE,
    ONCE,         // after which it came just once
    NOT_CLEARED,  // p counts on from what was there
    SUM_SO_FAR,   // divided by the pairs so far
    WHETHER,      // 1 for how many
    LESS_LAST,    // without the last history
    LESS_FIRST,   // without the first
} ContinuationRule;

// What a pair counts.
static int pair_by(ContinuationRule rule, int h, int w) {
    int c = rule == FOLLOWED ? COUNT[w * V + h] : COUNT[h * V + w];
    if (rule == TOKENS) return c;
    if (rule == AFTER_OTHERS && h == w) return 0;
    if ((rule == LESS_LAST && h == V - 1) || (rule == LESS_FIRST && h == 0)) return 0;
    if (rule == MORE_THAN_ONCE) return c > 1;
    return rule == ONCE ? c == 1 : c > 0;
}

static void continuation_by(ContinuationRule rule, double *p) {
    double so_far = 0;
    for (int w = 0; w < V; w++) {
        p[w] = rule == NOT_CLEARED ? BEFORE : 0;
        for (int h = 0; h < V; h++) p[w] += pair_by(rule, h, w);
        if (rule == WHETHER) p[w] = p[w] > 0;
        so_far += p[w];
        if (rule == SUM_SO_FAR) p[w] /= so_far;
    }
    if (rule == SUM_SO_FAR) return;
    double sum = rule == UNNORMALISED   ? V
                 : rule == OF_ALL_PAIRS ? V * V
                 : rule == COUNTS       ? 1
                 : rule == OF_HISTORIES ? V - 1
                                        : sum_of(p);
    if (rule == OF_TOKENS)
        for (int i = sum = 0; i < V * V; i++) sum += COUNT[i];
    for (int w = 0; w < V; w++) p[w] /= sum;
}

static const struct {
    ContinuationRule rule;
    const char *code, *says;
} CONTINUATION_SLIPS[] = {
    {FOLLOWED, "followers",
     "it counts the tokens that came after w: the question is after how many w "
     "came"},
    {TOKENS, "frequency",
     "this is how frequent w is: \"Francisco\" after \"San\" counts once, however "
     "often it came"},
    {UNNORMALISED, "per-token",
     "divided by how many tokens there are: by the number of different pairs it "
     "sums to "
     "1"},
    {OF_ALL_PAIRS, "per-pair",
     "divided by V V: by the number of different pairs that came"},
    {COUNTS, "not-divided", "not divided by the number of different pairs"},
    {OF_HISTORIES, "per-history",
     "divided by the number of histories: by that of different pairs"},
    {OF_TOKENS, "per-count", "divided by all counts: by the number of different pairs"},
    {AFTER_OTHERS, "not-after-itself",
     "a token that came after itself came after one more"},
    {MORE_THAN_ONCE, "more-than-once", "a pair that came once counts too: above 0"},
    {ONCE, "just-once", "pairs that came more than once count too: above 0"},
    {NOT_CLEARED, "not-cleared",
     "counting went on from what p held before: it may hold anything, and each "
     "p[w] begins with 0"},
    {WHETHER, "whether",
     "1 for each token that came at all: after how many different tokens did it come?"},
    {LESS_LAST, "last-history", "the last history is missing"},
    {LESS_FIRST, "first-history", "the first history is missing"},
    {SUM_SO_FAR, "sum-so-far",
     "divided by the pairs counted so far: all pairs are known after the loop, so "
     "a second one divides"},
};

// After a step that failed: where p holds zeros; where every pair came once, or not at
// all; where all histories but one are new.
static void contrast_continuation(Grade *g, const double *right) {
    int once[V * V], row[V * V] = {0};
    double p[V], want_once[V], want_row[V];
    continuation_by(CAME_AFTER, want_once);
    for (int i = 0; i < V * V; i++) once[i] = COUNT[i] > 0;
    for (int w = 0; w < V; w++) {
        row[w] = COUNT[w];
        want_row[w] = (COUNT[w] > 0) / 3.0;
    }
    for (int w = 0; w < V; w++) p[w] = 0;
    continuation(guarded_counts(COUNT), V, p);
    grade_contrast(g, near_array(p, right, V, TOLERANCE), "only-zeros",
                   "continuation: right where p holds zeros at the start: it may hold "
                   "anything, and is to be written");
    for (int w = 0; w < V; w++) p[w] = BEFORE;
    continuation(guarded_counts(once), V, p);
    grade_contrast(g, near_array(p, want_once, V, TOLERANCE), "only-once",
                   "continuation: right where no pair came more than once: what does a "
                   "pair count that came four times?");
    for (int w = 0; w < V; w++) p[w] = BEFORE;
    continuation(guarded_counts(row), V, p);
    grade_contrast(g, near_array(p, want_row, V, TOLERANCE), "only-one-history",
                   "continuation: right where there is one history: of several, which "
                   "are counted, and is count[h V + w] read so?");
}

static void check_continuation(Grade *g) {
    double want[V], slip[V], *got = blank_p();
    continuation(guarded_counts(COUNT), V, got);
    continuation_by(CAME_AFTER, want);
    name_added(g, got, want);
    for (int i = 0; i < COUNT_OF(CONTINUATION_SLIPS); i++) {
        continuation_by(CONTINUATION_SLIPS[i].rule, slip);
        grade_mistake(g, near_array(got, slip, V, TOLERANCE),
                      CONTINUATION_SLIPS[i].code, "%s", CONTINUATION_SLIPS[i].says);
    }
    if (!grade_near_array(g, 5, "continuation", got, want, V, TOLERANCE))
        contrast_continuation(g, want);
}

// ---- a row, and what is made of it

typedef struct {
    double total, different;
    double unseen;  // lower's probability of what never came
} Seen;

// How counts are read: right, h after w for w after h, or from h on for h V.
typedef enum { READ, READ_TURNED, READ_FROM_H } Reads;

static int pair_count(int h, int w, Reads how) {
    if (how == READ_FROM_H) return COUNT[h + w];
    return how == READ_TURNED ? COUNT[w * V + h] : COUNT[h * V + w];
}

static Seen seen_by(int h, const double *lower, Reads how) {
    Seen s = {0};
    for (int w = 0; w < V; w++) {
        int c = pair_count(h, w, how);
        s.total += c, s.different += c > 0, s.unseen += c > 0 ? 0 : lower[w];
    }
    return s;
}
static Seen seen_after(int h, const double *lower) { return seen_by(h, lower, READ); }

typedef enum {
    WB_RIGHT,
    WB_UNSEEN_TYPES,  // T counts what never came
    WB_VOCABULARY,    // T = V
    WB_UNSEEN_ONLY,   // T lower goes to what never came only
    WB_NO_LOWER,      // T / V each
    WB_NO_T,          // divided by c(h) only
    WB_TOTAL,         // T = c(h)
    WB_ONE,           // T = 1
    WB_BY_V,          // divided by c(h) + V
    WB_LOWER_WHOLE,   // lower not weighed
    WB_T_ALONE,       // + T, without lower
    WB_COLUMN,        // row and column of the counts exchanged
    WB_TRANSPOSED,    // in the numerator only
    WB_SECOND_TERM,   // T lower not divided
    WB_COUNTS,        // not divided
    WB_TWICE_TOTAL,   // T = c(h), below too
    WB_LOWER_ONCE,    // lower for T lower
    WB_INTEGER,       // c / (c(h) + T) as integers
    WB_BOTH_INTEGER,  // T / (c(h) + T) too
    WB_FIRST_WHOLE,   // c / c(h) + T lower / (c(h) + T)
    WB_FROM_H,        // the row begins at h
    WB_FREQUENCY,     // the share of c / c(h) is weighed, and c is over c(h) + T
    WB_LOWER_ALONE,   // lower itself
    WB_SEEN_ALONE,    // c / c(h)
    WB_EXCHANGED,     // the two weights exchanged
} WittenBellRule;

static void witten_bell_by(WittenBellRule rule, const double *lower, int h, double *p) {
    Reads how = rule == WB_COLUMN   ? READ_TURNED
                : rule == WB_FROM_H ? READ_FROM_H
                                    : READ;
    Seen s = seen_by(h, lower, how);
    double T = rule == WB_UNSEEN_TYPES                      ? V - s.different
               : rule == WB_VOCABULARY                      ? V
               : rule == WB_TOTAL || rule == WB_TWICE_TOTAL ? s.total
               : rule == WB_ONE                             ? 1
                                                            : s.different;
    for (int w = 0; w < V; w++) {
        int c = pair_count(h, w, rule == WB_TRANSPOSED ? READ_TURNED : how);
        double share = rule == WB_NO_LOWER ? 1. / V : rule == WB_T_ALONE ? 1 : lower[w];
        if (rule == WB_UNSEEN_ONLY && c > 0) share = 0;
        double events = s.total + (rule == WB_NO_T ? 0 : rule == WB_BY_V ? V : T);
        if (rule == WB_TOTAL) events = s.total + s.different;
        p[w] = (c + T * share) / (rule == WB_COUNTS ? 1 : events);
        if (rule == WB_LOWER_WHOLE) p[w] = c / events + lower[w];
        if (rule == WB_SECOND_TERM) p[w] = c / events + T * lower[w];
        if (rule == WB_FIRST_WHOLE) p[w] = c / s.total + T * lower[w] / events;
        if (rule == WB_LOWER_ONCE) p[w] = (c + lower[w]) / events;
        if (rule == WB_INTEGER) p[w] = floor(c / events) + T * lower[w] / events;
        if (rule == WB_BOTH_INTEGER) p[w] = floor(c / events);
        if (rule == WB_FREQUENCY) p[w] = (c * s.total / events + T * lower[w]) / events;
        if (rule == WB_SEEN_ALONE) p[w] = c / s.total;
        if (rule == WB_EXCHANGED)
            p[w] = (T * c / s.total + s.total * lower[w]) / events;
        if (rule == WB_LOWER_ALONE || s.total == 0) p[w] = lower[w];
    }
}

static double *run_witten_bell_of(const double *lower, int h) {
    double *p = blank_p();
    witten_bell(guarded_counts(COUNT), V,
                grade_guarded("lower", lower, V * sizeof *lower), h, p);
    return p;
}
static double *run_witten_bell(int h) { return run_witten_bell_of(LOWER, h); }

// ---- simpler cases

static const double EVEN[V] = {0.2, 0.2, 0.2, 0.2, 0.2};

static bool witten_bell_right(const double *lower, int h) {
    double want[V];
    witten_bell_by(WB_RIGHT, lower, h, want);
    return near_array(run_witten_bell_of(lower, h), want, V, TOLERANCE);
}

// After a step that failed.
static void contrast_witten_bell(Grade *g, int h) {
    static const double unseen[V] = {0, 0, 0, 0.4, 0.6};
    grade_contrast(g, h != SEEN_ONE && witten_bell_right(LOWER, SEEN_ONE),
                   "only-one-token-seen",
                   "Witten and Bell: right after a history with one token, six times: "
                   "with several, what do c(h) and T count?");
    grade_contrast(g, h != SEEN_ALL && witten_bell_right(LOWER, SEEN_ALL),
                   "only-seen-all",
                   "Witten and Bell: right after a history that saw every token: what "
                   "has a token that it did not see?");
    grade_contrast(g, h != SEEN_SOME && witten_bell_right(LOWER, SEEN_SOME),
                   "only-seen-some",
                   "Witten and Bell: right after a history that saw some tokens: what "
                   "is otherwise where it saw all, T = V?");
    grade_contrast(g, witten_bell_right(EVEN, h), "only-lower-even",
                   "Witten and Bell: right where lower is the same for all: whose "
                   "lower[w] has each token?");
    grade_contrast(g, witten_bell_right(unseen, h), "only-lower-of-unseen",
                   "Witten and Bell: right where lower gives seen tokens nothing: what "
                   "do those have of it?");
}

static const struct {
    WittenBellRule rule;
    const char *code, *says;
} WITTEN_BELL_SLIPS[] = {
    {WB_UNSEEN_TYPES, "unseen-types",
     "T counts the tokens that never came after h: it is how many different ones "
     "did, since that is how often something new came"},
    {WB_VOCABULARY, "vocabulary",
     "T = V, whatever came after h: that is add-k with k V = V"},
    {WB_UNSEEN_ONLY, "unseen-only",
     "lower has a say about all tokens here, seen ones too; p does not sum to 1"},
    {WB_NO_LOWER, "no-lower", "lower is missing: T / V each is the uniform one"},
    {WB_NO_T, "events",
     "divided by c(h): there are c(h) + T events, or p sums to more"},
    {WB_TOTAL, "total-for-t",
     "c(h) lower[w]: T counts the different tokens after h, not all"},
    {WB_ONE, "t-is-one",
     "T is 1 (how many tokens came once?): it is how many different tokens came after "
     "h, "
     "however often"},
    {WB_BY_V, "by-vocabulary", "divided by c(h) + V: there are c(h) + T events"},
    {WB_LOWER_WHOLE, "lower-not-weighed", "lower has the weight T / (c(h) + T), not 1"},
    {WB_T_ALONE, "no-lower", "lower is missing: T lower[w]"},
    {WB_COLUMN, "row-and-column",
     "count[h V + w] is how often w came after h: this is made of what came before "
     "h"},
    {WB_TRANSPOSED, "row-and-column",
     "count[h V + w]: history and token are exchanged"},
    {WB_SECOND_TERM, "term-not-divided", "T lower[w] is divided by c(h) + T too"},
    {WB_COUNTS, "not-divided", "not divided by c(h) + T"},
    {WB_TWICE_TOTAL, "total-for-t",
     "T was taken as c(h): it counts the different tokens after h, not all"},
    {WB_FIRST_WHOLE, "first-term-whole",
     "c(h w) / c(h) was not made smaller: c(h w) is divided by c(h) + T as well"},
    {WB_FROM_H, "row-from-h", "the row of h begins at h V: here at h"},
    {WB_LOWER_ONCE, "lower-not-times-t",
     "lower[w] for T lower[w]: novelties happened T times"},
    {WB_INTEGER, "integers",
     "c(h w) / (c(h) + T) is a quotient of integers, 0: make one a double"},
    {WB_BOTH_INTEGER, "integers",
     "quotients of integers, 0: make one of each a double"},
    {WB_LOWER_ALONE, "integers",
     "this is lower alone, so that c(h) / (c(h) + T) or its like came to 0: a quotient "
     "of integers? Make one a double"},
    {WB_EXCHANGED, "weights-exchanged",
     "the two weights are exchanged: c(h) / (c(h) + T) goes to what was counted, T / "
     "(c(h) + T) to lower"},
    {WB_SEEN_ALONE, "no-lower",
     "this is c(h w) / c(h), so that T / (c(h) + T) or its like came to 0: a quotient "
     "of "
     "integers? Make one a double"},
    {WB_FREQUENCY, "weighed-twice",
     "c(h w) was divided by c(h) + T and then weighed as well: either c(h w) / (c(h) + "
     "T), or c(h) / (c(h) + T) times c(h w) / c(h)"},
};

static void check_witten_bell(Grade *g) {
    double want[V], slip[V], *got = run_witten_bell(SEEN_SOME);
    witten_bell_by(WB_RIGHT, LOWER, SEEN_SOME, want);
    name_added(g, got, want);
    for (int i = 0; i < COUNT_OF(WITTEN_BELL_SLIPS); i++) {
        witten_bell_by(WITTEN_BELL_SLIPS[i].rule, LOWER, SEEN_SOME, slip);
        grade_mistake(g, near_array(got, slip, V, TOLERANCE), WITTEN_BELL_SLIPS[i].code,
                      "%s", WITTEN_BELL_SLIPS[i].says);
    }
    if (!grade_near_array(g, 4, "Witten and Bell", got, want, V, TOLERANCE))
        contrast_witten_bell(g, SEEN_SOME);
    got = run_witten_bell(SEEN_ALL);
    witten_bell_by(WB_RIGHT, LOWER, SEEN_ALL, want);
    if (!grade_near_array(g, 1, "Witten and Bell, a history that saw all", got, want, V,
                          TOLERANCE))
        contrast_witten_bell(g, SEEN_ALL);
}

// What p became where nothing came after h.
static void name_new_history(Grade *g, const double *p) {
    static const double even[V] = {1. / V, 1. / V, 1. / V, 1. / V, 1. / V},
                        zeros[V] = {0},
                        before[V] = {BEFORE, BEFORE, BEFORE, BEFORE, BEFORE};
    grade_mistake(g, isnan(p[0]) && isnan(p[V - 1]), "new-history",
                  "0 / 0: a history that was never seen says nothing, p is lower");
    grade_mistake(g, near_array(p, even, V, TOLERANCE), "new-history-even",
                  "after a history that was never seen p is lower, not 1 / V");
    grade_mistake(g, near_array(p, zeros, V, TOLERANCE), "new-history-zero",
                  "after a history that was never seen p is lower, not 0");
    grade_mistake(g, near_array(p, before, V, TOLERANCE), "new-history-not-written",
                  "after a history that was never seen p is lower: it was not written");
}

static void check_new_history(Grade *g) {
    double usual[V], *got = run_witten_bell(SEEN_SOME);
    witten_bell_by(WB_RIGHT, LOWER, SEEN_SOME, usual);
    bool sound = near_array(got, usual, V, TOLERANCE);
    got = run_witten_bell(SEEN_NONE);
    if (sound) name_new_history(g, got);
    grade_near_array(g, 1, "Witten and Bell, a history never seen", got, LOWER, V,
                     TOLERANCE);
}

typedef enum {
    BACK_OFF_RIGHT,
    BACK_OFF_INTERPOLATES,  // what came has a share of lower too
    BACK_OFF_UNNORMALISED,  // the mass times lower
    BACK_OFF_UNIFORM,       // the mass, shared out evenly
    BACK_OFF_ONE_DISCOUNT,  // the mass of one discount, however many there were
    BACK_OFF_KEEPS,         // what came is not discounted
    BACK_OFF_D_ALONE,       // the freed mass is D
    BACK_OFF_SEEN,          // divided by the seen tokens' probability
    BACK_OFF_UNSEEN_TYPES,  // T counts what never came
    BACK_OFF_D_OUTSIDE,     // c / c(h) - D
    BACK_OFF_LESS_EVENTS,   // divided by c(h) - D
    BACK_OFF_NO_LOWER,      // alpha itself
    BACK_OFF_LOWER,         // lower itself: alpha is 1
    BACK_OFF_NO_EVENTS,     // the freed mass is D T
    BACK_OFF_COLUMN,        // row and column of the counts exchanged
    BACK_OFF_TRANSPOSED,    // in the numerator only
    BACK_OFF_KEPT_MASS,     // alpha of 1 - freed
    BACK_OFF_BY_NUMBER,     // divided by how many tokens never came
    BACK_OFF_RESCALED,      // lower itself, and then all divided by their sum
    BACK_OFF_SPREAD,        // not normalised, and then all divided by their sum
    BACK_OFF_NO_FREED,      // alpha is 1 / lower's probability of the unseen
    BACK_OFF_PLUS_EVENTS,   // (c - D) / (c(h) + T), as Witten and Bell
    BACK_OFF_REST_OF_D,     // the freed mass is 1 - D
    BACK_OFF_TIMES_UNSEEN,  // multiplied by lower's probability of the unseen
    BACK_OFF_TWICE_SEEN,    // what came once is not kept
    BACK_OFF_FROM_H,        // the row begins at h
    BACK_OFF_NO_D,          // the freed mass is T / c(h)
    BACK_OFF_WITTEN_BELL,   // the freed mass is T / (c(h) + T)
} BackOffRule;

// What lower is multiplied by for tokens that never came.
static double alpha_by(BackOffRule rule, const Seen *s, double D) {
    double types = rule == BACK_OFF_ONE_DISCOUNT   ? 1
                   : rule == BACK_OFF_UNSEEN_TYPES ? V - s->different
                                                   : s->different,
           freed = D * types / (rule == BACK_OFF_NO_EVENTS ? 1 : s->total);
    if (rule == BACK_OFF_LOWER || rule == BACK_OFF_RESCALED) return 1;
    if (rule == BACK_OFF_D_ALONE) freed = D;
    if (rule == BACK_OFF_KEPT_MASS) freed = 1 - freed;
    if (rule == BACK_OFF_REST_OF_D) freed = 1 - D;
    if (rule == BACK_OFF_NO_D) freed = types / s->total;
    if (rule == BACK_OFF_WITTEN_BELL) freed = types / (s->total + types);
    if (rule == BACK_OFF_TIMES_UNSEEN) return freed * s->unseen;
    if (rule == BACK_OFF_NO_FREED) freed = 1;
    if (rule == BACK_OFF_BY_NUMBER) return freed / (V - s->different);
    if (rule == BACK_OFF_INTERPOLATES || rule == BACK_OFF_UNNORMALISED
        || rule == BACK_OFF_SPREAD)
        return freed;
    return freed / (rule == BACK_OFF_SEEN ? 1 - s->unseen : s->unseen);
}

static double kept_by(BackOffRule rule, const Seen *s, int c, double D) {
    if (rule == BACK_OFF_KEEPS) return c / s->total;
    if (rule == BACK_OFF_D_OUTSIDE) return c / s->total - D;
    if (rule == BACK_OFF_PLUS_EVENTS) return (c - D) / (s->total + s->different);
    return (c - D) / (s->total - (rule == BACK_OFF_LESS_EVENTS ? D : 0));
}

static void back_off_by(BackOffRule rule, const double *lower, double D, int h,
                        double *p) {
    Reads how = rule == BACK_OFF_COLUMN   ? READ_TURNED
                : rule == BACK_OFF_FROM_H ? READ_FROM_H
                                          : READ;
    Seen s = seen_by(h, lower, how);
    double alpha = alpha_by(rule, &s, D);
    for (int w = 0; w < V; w++) {
        int c = pair_count(h, w, rule == BACK_OFF_TRANSPOSED ? READ_TURNED : how);
        double even = D * s.different / s.total / (V - s.different);
        if (c > (rule == BACK_OFF_TWICE_SEEN)) p[w] = kept_by(rule, &s, c, D);
        else if (rule == BACK_OFF_UNIFORM) p[w] = even;
        else p[w] = alpha * (rule == BACK_OFF_NO_LOWER ? 1 : lower[w]);
        if (c > 0 && rule == BACK_OFF_INTERPOLATES) p[w] += alpha * lower[w];
    }
    double sum = rule == BACK_OFF_RESCALED || rule == BACK_OFF_SPREAD ? sum_of(p) : 1;
    for (int w = 0; w < V; w++) p[w] /= sum;
}

static double *run_back_off(const double *lower, double D, int h) {
    double *p = blank_p();
    back_off(guarded_counts(COUNT), V, grade_guarded("lower", lower, V * sizeof *lower),
             D, h, p);
    return p;
}

static bool back_off_right(const double *lower, double D, int h) {
    double want[V];
    back_off_by(BACK_OFF_RIGHT, lower, D, h, want);
    return near_array(run_back_off(lower, D, h), want, V, TOLERANCE);
}

// After a step that failed.
static void contrast_back_off(Grade *g, double D, const double *got,
                              const double *want) {
    bool seen = true, unseen = true;
    for (int w = 0; w < V; w++) {
        bool right = fabs(got[w] - want[w]) <= TOLERANCE;
        if (COUNT[SEEN_SOME * V + w] > 0) seen &= right;
        else unseen &= right;
    }
    static const double one[V] = {0.1, 0.2, 0.3, 0.2, 0.2},
                        alone[V] = {0, 0.5, 0, 0, 0.5};
    grade_contrast(g, back_off_right(LOWER, D, SEEN_ONE), "only-one-token-seen",
                   "backing off: right after a history with one token: with several, "
                   "how much have they given up together?");
    grade_contrast(g, back_off_right(EVEN, D, SEEN_SOME), "only-lower-even",
                   "backing off: right where lower is the same for all: in which "
                   "proportion is what was freed shared out?");
    grade_contrast(g, back_off_right(LOWER, 1, SEEN_SOME), "only-d-1",
                   "backing off: right where D is 1: where does D come in, and how "
                   "often?");
    grade_contrast(g, back_off_right(alone, D, SEEN_SOME), "only-one-unseen",
                   "backing off: right where lower gives something to one unseen token "
                   "alone: of several, by what does alpha divide?");
    grade_contrast(g, back_off_right(one, D, SEEN_SOME), "only-other-lower",
                   "backing off: right with another lower: what of lower is fixed?");
    grade_contrast(g, seen, "only-seen",
                   "backing off: right for tokens that came after h: how much do the "
                   "others share, D T / c(h), and by what does alpha divide it?");
    grade_contrast(
        g, unseen, "only-unseen",
        "backing off: right for tokens that never came after h: what is left "
        "to one that came, (c(h w) - D) / c(h)?");
}

static const struct {
    BackOffRule rule;
    const char *code, *says;
} BACK_OFF_SLIPS[] = {
    {BACK_OFF_INTERPOLATES, "interpolates",
     "this is the interpolated model, the chapter's: here lower has a say only "
     "about "
     "tokens that never came after h"},
    {BACK_OFF_UNNORMALISED, "not-normalised",
     "the freed mass times lower: of lower only the unseen tokens are used, so "
     "alpha "
     "divides by their probability"},
    {BACK_OFF_UNIFORM, "even",
     "the freed mass was shared out evenly: in proportion to lower"},
    {BACK_OFF_ONE_DISCOUNT, "one-discount",
     "each different token after h gave up D: the freed mass is D T / c(h)"},
    {BACK_OFF_KEEPS, "keeps-all",
     "what came after h keeps its frequency: nothing is left for the others"},
    {BACK_OFF_D_ALONE, "freed-is-d", "the freed mass is D T / c(h), not D"},
    {BACK_OFF_SEEN, "alpha-by-seen",
     "alpha divides by lower's probability of the tokens that never came, not of "
     "those "
     "that did"},
    {BACK_OFF_UNSEEN_TYPES, "unseen-types",
     "T counts the tokens that never came after h: each that did gave up D"},
    {BACK_OFF_D_OUTSIDE, "d-outside",
     "c / c(h) - D: D is taken from the count, so (c - D) / c(h)"},
    {BACK_OFF_LESS_EVENTS, "fewer-events",
     "divided by c(h) - D: counts are discounted, c(h) stays"},
    {BACK_OFF_NO_LOWER, "alpha-alone", "lower is missing: alpha lower[w]"},
    {BACK_OFF_LOWER, "no-alpha", "alpha is missing: p sums to more than 1"},
    {BACK_OFF_NO_EVENTS, "freed-not-divided", "the freed mass is D T / c(h), not D T"},
    {BACK_OFF_COLUMN, "row-and-column",
     "count[h V + w] is how often w came after h: this is made of what came before "
     "h"},
    {BACK_OFF_TRANSPOSED, "row-and-column",
     "count[h V + w]: history and token are exchanged"},
    {BACK_OFF_KEPT_MASS, "kept-mass",
     "alpha shares out what was freed, D T / c(h), not what was kept"},
    {BACK_OFF_BY_NUMBER, "alpha-by-number",
     "alpha divides by how many tokens never came after h: by lower's probability of "
     "them, or p does not sum to 1"},
    {BACK_OFF_RESCALED, "rescaled",
     "all were divided by their sum at the end, so that what came after h has less "
     "than (c - D) / c(h): alpha alone makes the sum 1"},
    {BACK_OFF_SPREAD, "rescaled",
     "all were divided by their sum at the end, so that what came after h has more "
     "than (c - D) / c(h): alpha alone makes the sum 1"},
    {BACK_OFF_NO_FREED, "no-freed",
     "lower of the unseen was brought to 1: they share what was freed, D T / c(h)"},
    {BACK_OFF_PLUS_EVENTS, "plus-events",
     "divided by c(h) + T, as Witten and Bell do: here by c(h)"},
    {BACK_OFF_REST_OF_D, "freed-is-rest",
     "the freed mass is D T / c(h), not 1 - D: each different token after h gave up D "
     "of its count"},
    {BACK_OFF_FROM_H, "row-from-h", "the row of h begins at h V: here at h"},
    {BACK_OFF_NO_D, "freed-no-d", "D is missing: the freed mass is D T / c(h)"},
    {BACK_OFF_WITTEN_BELL, "freed-as-witten-bell",
     "the freed mass is D T / c(h), not T / (c(h) + T), which is Witten and Bell's"},
    {BACK_OFF_TIMES_UNSEEN, "times-unseen",
     "alpha was multiplied by lower's probability of the tokens that never came: "
     "divided, so that p sums to 1"},
    {BACK_OFF_TWICE_SEEN, "once-is-unseen",
     "a token that came once after h came: (1 - D) / c(h), not alpha lower[w]"},
};

static void check_back_off(Grade *g) {
    double D = 0.6, want[V], slip[V], *got = run_back_off(LOWER, D, SEEN_SOME);
    back_off_by(BACK_OFF_RIGHT, LOWER, D, SEEN_SOME, want);
    name_added(g, got, want);
    for (int i = 0; i < COUNT_OF(BACK_OFF_SLIPS); i++) {
        back_off_by(BACK_OFF_SLIPS[i].rule, LOWER, D, SEEN_SOME, slip);
        grade_mistake(g, near_array(got, slip, V, TOLERANCE), BACK_OFF_SLIPS[i].code,
                      "%s", BACK_OFF_SLIPS[i].says);
    }
    bool some = near_array(got, want, V, TOLERANCE);
    if (!grade_near_array(g, 5, "backing off", got, want, V, TOLERANCE))
        contrast_back_off(g, D, got, want);
    got = run_back_off(LOWER, D, SEEN_ONE);
    back_off_by(BACK_OFF_RIGHT, LOWER, D, SEEN_ONE, want);
    grade_mistake(g, some && !near_array(got, want, V, TOLERANCE), "one-token-seen",
                  "right after a history with three different tokens, wrong after one "
                  "with a single token that came six times: T is 1 there, c(h) 6");
    grade_expect(g, 1, near_array(got, want, V, TOLERANCE),
                 "backing off after a history with one token: p sums to %.6g, and that "
                 "token has %.6g, should be %.6g",
                 sum_of(got), got[2], want[2]);
}

// Nothing came after h; everything did; lower has nothing for what did not.
static void check_nothing_left(Grade *g) {
    static const double narrow[V] = {0.5, 0.3, 0, 0.2, 0};
    double D = 0.6, all[V], some[V];
    for (int w = 0; w < V; w++)
        all[w] = COUNT[SEEN_ALL * V + w] / seen_after(SEEN_ALL, LOWER).total,
        some[w] = COUNT[SEEN_SOME * V + w] / seen_after(SEEN_SOME, narrow).total;
    double *got = run_back_off(LOWER, D, SEEN_ALL);
    double lost = 1 - sum_of(got);
    grade_mistake(g, fabs(lost - D * V / 12) < TOLERANCE || isnan(lost),
                  "nowhere-to-go",
                  "every token came after h: the freed mass has nowhere to go, so "
                  "nothing is discounted");
    grade_near_array(g, 2, "backing off, every token was seen", got, all, V, TOLERANCE);
    got = run_back_off(narrow, D, SEEN_SOME);
    double narrow_sum = sum_of(got);
    grade_mistake(
        g, isnan(narrow_sum) || fabs(narrow_sum - 1) > TOLERANCE, "nothing-to-give-to",
        "lower gives nothing to the tokens that never came after h: the "
        "freed mass has nowhere to go, so nothing is discounted there either");
    grade_near_array(g, 1, "backing off, lower has nothing for the unseen", got, some,
                     V, TOLERANCE);
    got = run_back_off(LOWER, D, SEEN_NONE);
    name_new_history(g, got);
    grade_near_array(g, 1, "backing off, a history never seen", got, LOWER, V,
                     TOLERANCE);
}

void check_bigrams(Grade *g) {
    grade_part(g, check_discount(g));
    grade_part(g, check_continuation(g));
    grade_part(g, check_witten_bell(g));
    grade_part(g, check_new_history(g));
    grade_part(g, check_back_off(g));
    grade_part(g, check_nothing_left(g));
}
