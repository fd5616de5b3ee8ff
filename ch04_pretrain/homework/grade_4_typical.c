// Problem 4: typical sampling.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/homework/grade.h"

enum { MOST = 8 };
// -ln p is 0.92, 1.20, 1.90, 2.30, 3.22, 4.61, the entropy 1.42: the nearest first, the
// tokens are 1 2 0 3 4 5.
static const double P[] = {0.4, 0.3, 0.15, 0.1, 0.04, 0.01};
enum { TOKENS = COUNT_OF(P) };

// Candidates whose end is watched; their p add up to `total`. The last token comes
// first, so that a token is not a place in the list.
static Candidates candidates(const double *p, int n, double total) {
    Candidate list[MOST];
    for (int i = 0; i < n; i++) list[n - 1 - i] = (Candidate){p[i], i};
    return (Candidates){grade_guarded("list", list, (size_t)n * sizeof *list), n,
                        total};
}

// ---- rules

typedef enum {
    TYPICAL_RIGHT,
    TYPICAL_LIKELY,    // by p, or by surprise - entropy, which is the same order: top-p
    TYPICAL_SIGNED,    // the difference itself; so it sorts as TYPICAL_LIKELY
    TYPICAL_FARTHEST,  // the other way round
    TYPICAL_BITS,      // the entropy in bits, the surprise in nats
    TYPICAL_RAW,       // p for the share
    TYPICAL_RAW_SURPRISE,  // so too, but for the entropy and the mass
    TYPICAL_RAW_MASS,      // sums of p against mass, not of shares
    TYPICAL_SHORT,         // without the one that reaches the mass
    TYPICAL_MORE,          // one more where the mass is reached exactly
    TYPICAL_HIGH_TOKEN,    // of equal p the higher token
    TYPICAL_RAW_ENTROPY,   // p in the entropy, shares in the surprise
    TYPICAL_RAW_LOG,       // so too, but only within its logarithm
    TYPICAL_PLUS,          // surprise + entropy, or ln p - entropy
    TYPICAL_ENTROPY_SIGN,  // the entropy's sign
    TYPICAL_PROBABILITY,   // |p - e^-entropy|
    TYPICAL_P_ENTROPY,     // |p - entropy|
    TYPICAL_SQUARED,
    TYPICAL_SURPRISE_BITS,  // log2 in the surprise alone
    TYPICAL_ALL_BITS,       // both in bits
    TYPICAL_MEAN_SURPRISE,  // the entropy without weights
    TYPICAL_AS_INT,         // qsort's comparison is an int: 0 within 1 of each other
    TYPICAL_AS_INT_TOKENS,  // so too, and then the lower token first
    TYPICAL_TOLERANT,       // ends where the mass is nearly reached
    TYPICAL_RESORTED,       // the right ones, in the order of their p
    TYPICAL_AS_INT_THEN,    // 0 as an int counts as equal: the lower token first
    TYPICAL_BY_TOKEN,       // not by distance
    TYPICAL_GIVEN,          // not sorted
    TYPICAL_BEST_FIRST,     // the most likely one is always kept
    TYPICAL_ONE_OVER,       // one more than it takes
    TYPICAL_PER_CANDIDATE,  // the entropy divided by the number of candidates
    TYPICAL_WEIGHED,        // the distance times the share
    TYPICAL_TERM,           // a term of the entropy less the entropy
    TYPICAL_LESS_LAST,      // the last candidate of the list is not looked at
    TYPICAL_TENS,           // log10 in the surprise
    TYPICAL_EVEN,           // ln of the number of candidates for the entropy
    TYPICAL_PERPLEXITY,     // |1 / share - e^entropy|
    TYPICAL_RELATIVE,       // divided by the entropy
    TYPICAL_TWO,            // two at least
    TYPICAL_COUNT,          // so many candidates, mass x their number
} TypicalRule;

static double entropy_by(TypicalRule rule, const Candidates *c) {
    double nats = 0, plain = 0;
    bool raw = rule == TYPICAL_RAW || rule == TYPICAL_RAW_ENTROPY;
    for (int i = 0; i < c->count; i++) {
        double share = c->list[i].p / (raw ? 1 : c->total);
        if (share > 0) nats -= share * log(share), plain -= log(share) / c->count;
    }
    if (rule == TYPICAL_RAW_LOG) return nats - log(c->total);
    if (rule == TYPICAL_MEAN_SURPRISE) return plain;
    if (rule == TYPICAL_ENTROPY_SIGN) return -nats;
    if (rule == TYPICAL_EVEN) return log(c->count);
    if (rule == TYPICAL_PER_CANDIDATE) return nats / c->count;
    bool bits = rule == TYPICAL_BITS || rule == TYPICAL_ALL_BITS;
    return bits ? nats / log(2) : nats;
}

static double most_likely(const Candidates *c) {
    double most = 0;
    for (int i = 0; i < c->count; i++) most = fmax(most, c->list[i].p);
    return most;
}

// What the candidates are sorted by.
static double key_of(TypicalRule rule, const Candidates *c, const Candidate *x) {
    bool raw = rule == TYPICAL_RAW || rule == TYPICAL_RAW_SURPRISE,
         bits = rule == TYPICAL_SURPRISE_BITS || rule == TYPICAL_ALL_BITS;
    double share = x->p / (raw ? 1 : c->total), entropy = entropy_by(rule, c);
    if (rule == TYPICAL_LIKELY) return -share;
    if (rule == TYPICAL_BY_TOKEN || rule == TYPICAL_GIVEN) return 0;
    if (rule == TYPICAL_BEST_FIRST && x->p == most_likely(c)) return -1;
    if (share == 0) return INFINITY;
    double surprise = -log(share) / (bits ? log(2) : 1), above = surprise - entropy;
    switch (rule) {
        case TYPICAL_SIGNED: return above;
        case TYPICAL_FARTHEST: return -fabs(above);
        case TYPICAL_PLUS: return fabs(surprise + entropy);
        case TYPICAL_PROBABILITY: return fabs(share - exp(-entropy));
        case TYPICAL_P_ENTROPY: return fabs(share - entropy);
        case TYPICAL_SQUARED: return above * above;
        case TYPICAL_TENS: return fabs(-log10(share) - entropy);
        case TYPICAL_PERPLEXITY: return fabs(1 / share - exp(entropy));
        case TYPICAL_RELATIVE: return fabs(above) / entropy;
        case TYPICAL_WEIGHED: return share * fabs(above);
        case TYPICAL_TERM: return fabs(share * surprise - entropy);
        default: return fabs(above);
    }
}

static bool comes_first(TypicalRule rule, const Candidates *c, const Candidate *a,
                        const Candidate *b) {
    double x = key_of(rule, c, a), y = key_of(rule, c, b);
    if (x != y) return x < y;
    return (a->token < b->token) != (rule == TYPICAL_HIGH_TOKEN);
}

typedef struct {
    double far;
    Candidate candidate;
} Far;

// A difference of doubles, returned as qsort wants it.
static int as_int(const void *a, const void *b) {
    return (int)(((const Far *)a)->far - ((const Far *)b)->far);
}
static int as_int_tokens(const void *a, const void *b) {
    const Far *x = a, *y = b;
    if (x->far != y->far) return as_int(a, b);
    return x->candidate.token - y->candidate.token;
}

static int as_int_then(const void *a, const void *b) {
    int order = as_int(a, b);
    const Far *x = a, *y = b;
    return order ? order : x->candidate.token - y->candidate.token;
}

// By the library's own qsort, since such a comparison is not an order.
static void sort_as_int(TypicalRule rule, const Candidates *c, Candidate *list, int n) {
    Far all[MOST];
    for (int i = 0; i < n; i++) all[i] = (Far){key_of(rule, c, &list[i]), list[i]};
    qsort(all, (size_t)n, sizeof *all,
          rule == TYPICAL_AS_INT          ? as_int
          : rule == TYPICAL_AS_INT_TOKENS ? as_int_tokens
                                          : as_int_then);
    for (int i = 0; i < n; i++) list[i] = all[i].candidate;
}

// By selection, the plain way.
static void sort_by(TypicalRule rule, const Candidates *c, Candidate *list, int n) {
    if (rule == TYPICAL_GIVEN) return;
    if (rule == TYPICAL_AS_INT || rule == TYPICAL_AS_INT_TOKENS
        || rule == TYPICAL_AS_INT_THEN) {
        sort_as_int(rule, c, list, n);
        return;
    }
    for (int from = 0; from < n; from++) {
        int best = from;
        for (int i = from + 1; i < n; i++)
            if (comes_first(rule, c, &list[i], &list[best])) best = i;
        Candidate first = list[best];
        list[best] = list[from], list[from] = first;
    }
}

static bool goes_on(TypicalRule rule, double sum, double mass, double whole) {
    if (mass >= 1) return true;
    if (rule == TYPICAL_TOLERANT) return sum < (mass - 1e-12) * whole;
    return rule == TYPICAL_MORE ? sum <= mass * whole : sum < mass * whole;
}

// c stays; kept[MOST].
static int typical_by(TypicalRule rule, const Candidates *c, double mass, int *kept) {
    Candidate list[MOST];
    int n = 0, count = 0;
    for (int i = 0; i < c->count - (rule == TYPICAL_LESS_LAST); i++)
        if (c->list[i].p > 0) list[n++] = c->list[i];
    sort_by(rule, c, list, n);
    double sum = 0,
           whole = rule == TYPICAL_RAW_MASS || rule == TYPICAL_RAW ? 1 : c->total;
    while (count < n
           && (rule == TYPICAL_COUNT ? count < mass * c->count
                                     : goes_on(rule, sum, mass, whole)
                                           || (rule == TYPICAL_TWO && count < 2)))
        kept[count] = list[count].token, sum += list[count].p, count++;
    if (rule == TYPICAL_ONE_OVER && count < n) kept[count] = list[count].token, count++;
    if (rule == TYPICAL_RESORTED) {
        sort_by(TYPICAL_LIKELY, c, list, count);
        for (int i = 0; i < count; i++) kept[i] = list[i].token;
    }
    return rule == TYPICAL_SHORT && count > 1 ? count - 1 : count;
}

static bool keeps(const Candidates *c, const int *tokens, int count) {
    if (c->count != count) return false;
    for (int i = 0; i < count; i++)
        if (c->list[i].token != tokens[i]) return false;
    return true;
}

// "1 0 2", at most eight of them.
static const char *words_of(char *text, size_t size, const int *tokens, int count) {
    int used = 0;
    text[0] = '\0';
    for (int i = 0; i < count && i < MOST; i++)
        used +=
            snprintf(text + used, size - (size_t)used, "%s%d", i ? " " : "", tokens[i]);
    return text;
}

typedef struct {
    TypicalRule rule;
    const char *code, *says;
} TypicalMistake;

// ---- the distance

static const double TOLERANCE = 1e-12;  // a few terms of about 1, in double

static const TypicalMistake DISTANCE_MISTAKES[] = {
    {TYPICAL_SIGNED, "signed", "the difference without its absolute value"},
    {TYPICAL_BITS, "two-units", "the entropy is in bits and ln(1 / share) in nats"},
    {TYPICAL_RAW, "raw-p",
     "p was taken for the share: after another filter they sum to c->total"},
    {TYPICAL_RAW_SURPRISE, "raw-p",
     "ln(1 / p) is not ln(1 / share): after another filter p sum to c->total"},
    {TYPICAL_RAW_ENTROPY, "raw-entropy",
     "the entropy is that of the shares: after another filter p sum to c->total"},
    {TYPICAL_RAW_LOG, "raw-log",
     "within the entropy's logarithm stands p, not the share: - sum share ln share is "
     "ln total - sum p ln p / total"},
    {TYPICAL_PLUS, "plus-entropy",
     "the entropy was added: a distance is ln(1 / share) - entropy. Is the sign of ln "
     "the "
     "right one?"},
    {TYPICAL_ENTROPY_SIGN, "entropy-sign",
     "the entropy has the wrong sign: - sum share ln share"},
    {TYPICAL_PROBABILITY, "probabilities",
     "a distance of probabilities, |share - e^-entropy|: of their logarithms"},
    {TYPICAL_P_ENTROPY, "share-and-entropy",
     "the share itself was compared with the entropy: ln(1 / share)"},
    {TYPICAL_SQUARED, "squared", "the square of the distance: its absolute value"},
    {TYPICAL_SURPRISE_BITS, "two-units",
     "ln(1 / share) is in bits, the entropy in nats"},
    {TYPICAL_ALL_BITS, "bits", "in bits: nats are asked for"},
    {TYPICAL_MEAN_SURPRISE, "mean-surprise",
     "the entropy weighs each ln(1 / share) with its share: this is their plain mean"},
    {TYPICAL_PER_CANDIDATE, "entropy-divided",
     "the entropy was divided by the number of candidates: the shares weigh its terms "
     "already"},
    {TYPICAL_TENS, "two-units", "ln(1 / share), not a logarithm to base 10"},
    {TYPICAL_EVEN, "entropy-of-even",
     "the logarithm of how many there are is the entropy of equal shares: - sum share "
     "ln share"},
    {TYPICAL_PERPLEXITY, "probabilities",
     "a distance of 1 / share and e^entropy: of their logarithms"},
    {TYPICAL_RELATIVE, "relative", "divided by the entropy: the distance itself"},
    {TYPICAL_WEIGHED, "distance-weighed",
     "the distance was multiplied by the share: only the entropy's terms are"},
    {TYPICAL_TERM, "term-for-surprise",
     "- share ln share is one term of the entropy: what is compared with it is ln(1 / "
     "share) itself"},
};

static void distances_by(TypicalRule rule, const Candidates *c, double *to) {
    for (int i = 0; i < c->count; i++) to[i] = key_of(rule, c, &c->list[i]);
}

static bool distances_right(const double *p, int n, double total) {
    Candidates c = candidates(p, n, total);
    double got[MOST], want[MOST];
    for (int i = 0; i < n; i++) got[i] = typical_distance(&c, i);
    distances_by(TYPICAL_RIGHT, &c, want);
    return near_array(got, want, n, TOLERANCE);
}

// After a step that failed.
static void contrast_distance(Grade *g) {
    static const double half[] = {0.5, 0.5};
    grade_contrast(
        g, distances_right(P, TOKENS, 1), "only-total-1",
        "distances: right where the p sum to 1: where do p stand that should "
        "be shares, p / c->total?");
    grade_contrast(
        g, distances_right(half, 2, 1), "only-even",
        "distances: right where all p are equal, with no distance at all: "
        "with what is each term of the entropy weighed, and in which units?");
}

static void check_distance_of(Grade *g, int points, const char *what, int n,
                              double total) {
    Candidates c = candidates(P, n, total);
    double got[MOST], want[MOST], slip[MOST];
    for (int i = 0; i < n; i++) got[i] = typical_distance(&c, i);
    distances_by(TYPICAL_RIGHT, &c, want);
    bool good = near_array(got, want, n, TOLERANCE);
    for (int i = 0; i < COUNT_OF(DISTANCE_MISTAKES); i++) {
        distances_by(DISTANCE_MISTAKES[i].rule, &c, slip);
        grade_mistake(g, !good && near_array(got, slip, n, TOLERANCE),
                      DISTANCE_MISTAKES[i].code, "%s", DISTANCE_MISTAKES[i].says);
    }
    if (!grade_near_array(g, points, what, got, want, n, TOLERANCE))
        contrast_distance(g);
}

static void check_distance(Grade *g) {
    check_distance_of(g, 2, "distances of six candidates", TOKENS, 1);
}
static void check_distance_after_cut(Grade *g) {
    check_distance_of(g, 2, "distances of three candidates with total 0.85", 3, 0.85);
}

static void check_distance_of_zero(Grade *g) {
    const double p[] = {0.7, 0, 0.3};
    Candidates c = candidates(p, 3, 1);
    double first = typical_distance(&c, 0), none = typical_distance(&c, 1),
           want = key_of(TYPICAL_RIGHT, &c, &c.list[0]);
    grade_mistake(g, isnan(first), "zero-times-infinity",
                  "0 ln 0 is NaN in C: in the entropy it counts 0");
    grade_mistake(g, isfinite(none), "zero-distance",
                  "where p is 0 the distance is INFINITY, not %g", none);
    Reading both[] = {{"the distance of the first", first, want, TOLERANCE},
                      {"of the second", none, INFINITY, 0}};
    grade_readings(g, 1, "p = 0.7, 0, 0.3", both, 2);
}

// ---- the filter

static const TypicalMistake TYPICAL_MISTAKES[] = {
    {TYPICAL_LIKELY, "top-p",
     "sorted by probability, which is top-p (so is the difference without its absolute "
     "value): here by how near -ln p is to the entropy"},
    {TYPICAL_FARTHEST, "farthest",
     "sorted the wrong way round: the farthest come first"},
    {TYPICAL_BITS, "two-units", "the entropy is in bits and -ln p in nats"},
    {TYPICAL_RAW, "raw-p",
     "p was taken for the share: after another filter they sum to c->total"},
    {TYPICAL_RAW_SURPRISE, "raw-p",
     "-ln p is not -ln share: after another filter p sum to c->total"},
    {TYPICAL_RAW_LOG, "raw-log",
     "sorted by an entropy whose logarithm has p, not the share: it is ln total - sum "
     "p "
     "ln p / total"},
    {TYPICAL_RAW_MASS, "raw-mass",
     "the mass is one of shares: p add up to mass x c->total"},
    {TYPICAL_SHORT, "one-short",
     "the candidate with which the mass is reached belongs to the set"},
    {TYPICAL_MORE, "one-more",
     "the set goes on although the mass is reached: at least the mass, not more than "
     "it"},
    {TYPICAL_HIGH_TOKEN, "ties", "of equal p the lower token comes first"},
    {TYPICAL_PROBABILITY, "probabilities",
     "sorted by |share - e^-entropy|: by how near -ln share is to the entropy"},
    {TYPICAL_MEAN_SURPRISE, "mean-surprise",
     "the entropy weighs each -ln share with its share: this is their plain mean"},
    {TYPICAL_AS_INT, "compared-as-int",
     "a difference of distances becomes an int in the comparison, 0 where they are "
     "less than 1 apart: return -1, 0 or 1 by < and >"},
    {TYPICAL_AS_INT_TOKENS, "compared-as-int",
     "a difference of distances becomes an int in the comparison, 0 where they are "
     "less than 1 apart: return -1, 0 or 1 by < and >"},
    {TYPICAL_RESORTED, "sorted-again",
     "the right candidates, but in the order of their p: they are kept in that of the "
     "distance"},
    {TYPICAL_TOLERANT, "tolerance",
     "the set ends where the mass is nearly reached: no tolerance, and no float"},
    {TYPICAL_AS_INT_THEN, "compared-as-int",
     "a difference of distances becomes an int in the comparison, 0 where they are "
     "less than 1 apart: return -1, 0 or 1 by < and >"},
    {TYPICAL_BY_TOKEN, "by-token",
     "these are in the order of their tokens, which only equal p are: the nearest "
     "first"},
    {TYPICAL_GIVEN, "not-sorted",
     "these are in the order in which they came: they are to be sorted, the nearest "
     "first"},
    {TYPICAL_BEST_FIRST, "best-kept",
     "the most likely candidate was put first: it has its place by its distance, and "
     "may be cut"},
    {TYPICAL_ONE_OVER, "one-over",
     "one candidate more than it takes: the one with which the mass is reached is the "
     "last"},
    {TYPICAL_PER_CANDIDATE, "entropy-divided",
     "sorted by an entropy that was divided by the number of candidates: the shares "
     "weigh its terms already"},
    {TYPICAL_EVEN, "entropy-of-even",
     "sorted by the distance from the logarithm of how many there are: from the "
     "entropy"},
    {TYPICAL_PERPLEXITY, "probabilities",
     "sorted by |1 / share - e^entropy|: by how near -ln share is to the entropy"},
    {TYPICAL_TENS, "two-units", "sorted by a logarithm to base 10 less one in nats"},
    {TYPICAL_TWO, "two-at-least", "two are kept where one has the mass: the fewest"},
    {TYPICAL_COUNT, "share-of-number",
     "mass x the number of candidates are kept: their shares add up to mass"},
    {TYPICAL_WEIGHED, "distance-weighed",
     "sorted by the distance times the share: by the distance"},
    {TYPICAL_LESS_LAST, "last-candidate",
     "the last candidate of the list is missing: it has c->count of them"},
};

// What the student's filter leaves of a list.
typedef struct {
    Candidates given, left;
    Candidate before[MOST], after[MOST];
} Filtered;

static void run_filter(Filtered *f, const double *p, int n, double total, double mass) {
    Candidates c = candidates(p, n, total);
    f->given = c, f->given.list = f->before;
    memcpy(f->before, c.list, (size_t)n * sizeof *c.list);
    candidates_typical(&c, mass);
    memcpy(f->after, c.list, (size_t)n * sizeof *c.list);
    f->left = c, f->left.list = f->after;
    if (c.count < 0 || c.count > n) f->left.count = n + 1;  // none of the rules' counts
}

static bool left_by(TypicalRule rule, const Filtered *f, double mass) {
    int kept[MOST];
    return keeps(&f->left, kept, typical_by(rule, &f->given, mass, kept));
}

// Two rules may agree on one list by chance, or on a mass, and hardly on two more lists
// and masses.
static bool left_of_others(TypicalRule rule, double total, double mass) {
    static const double others[][MOST] = {
        {0.3, 0.24, 0.17, 0.12, 0.08, 0.05, 0.03, 0.01},
        {0.02, 0.55, 0.06, 0.14, 0.004, 0.13, 0.07, 0.026}};
    for (int k = 0; k < COUNT_OF(others); k++) {
        double p[MOST];
        Filtered f;
        for (int i = 0; i < MOST; i++) p[i] = others[k][i] * total;
        run_filter(&f, p, MOST, total, mass);
        if (!left_by(rule, &f, mass)) return false;
        run_filter(&f, p, MOST, total, 0.6);
        if (!left_by(rule, &f, 0.6)) return false;
    }
    return true;
}

static bool kept_twice(const Filtered *f) {
    for (int i = 0; i < f->left.count && i < f->given.count; i++)
        for (int j = 0; j < i; j++)
            if (f->after[i].token == f->after[j].token) return true;
    return false;
}

// Whether the right ones are there, in front, and the total is theirs. What else is
// there has p above 0: else it is kept for that.
static bool only_count_is_off(const Filtered *f, const int *want, int wanted) {
    double sum = 0;
    if (f->left.count != f->given.count) return false;
    for (int i = 0; i < wanted; i++) {
        if (f->after[i].token != want[i]) return false;
        sum += f->after[i].p;
    }
    for (int i = wanted; i < f->left.count; i++)
        if (f->after[i].p == 0) return false;
    return fabs(f->left.total - sum) < TOLERANCE;
}

// Whether a token that is left has the p of another one.
static bool apart(const Filtered *f) {
    for (int i = 0; i < f->left.count && i < f->given.count; i++) {
        bool own = false, of_another = false;
        for (int j = 0; j < f->given.count; j++) {
            bool same = f->before[j].token == f->after[i].token;
            own |= same && f->before[j].p == f->after[i].p;
            of_another |= !same && f->before[j].p == f->after[i].p;
        }
        if (of_another && !own) return true;
    }
    return false;
}

// Whether typical_distance is wrong and not just signed: then an order that looks like
// that of the probabilities is likely to be that of these distances.
static bool another_distance(void) {
    Candidates c = candidates(P, TOKENS, 1);
    double got[MOST], want[MOST], with_sign[MOST];
    for (int i = 0; i < TOKENS; i++) got[i] = typical_distance(&c, i);
    distances_by(TYPICAL_RIGHT, &c, want), distances_by(TYPICAL_SIGNED, &c, with_sign);
    return !near_array(got, want, TOKENS, TOLERANCE)
           && !near_array(got, with_sign, TOKENS, TOLERANCE);
}

// An order by another distance: where typical_distance is wrong in some other way, what
// looks like it is by chance.
static bool is_distance(TypicalRule rule) {
    static const TypicalRule rules[] = {
        TYPICAL_LIKELY,  TYPICAL_BITS,        TYPICAL_RAW,
        TYPICAL_RAW_LOG, TYPICAL_PROBABILITY, TYPICAL_MEAN_SURPRISE,
        TYPICAL_EVEN,    TYPICAL_PERPLEXITY,  TYPICAL_PER_CANDIDATE,
        TYPICAL_TENS,    TYPICAL_WEIGHED,     TYPICAL_RAW_SURPRISE,
    };
    for (int i = 0; i < COUNT_OF(rules); i++)
        if (rules[i] == rule) return true;
    return false;
}

static bool distances_are(TypicalRule rule) {
    Candidates c = candidates(P, TOKENS, 1);
    double got[MOST], by[MOST];
    for (int i = 0; i < TOKENS; i++) got[i] = typical_distance(&c, i);
    distances_by(rule, &c, by);
    return near_array(got, by, TOKENS, TOLERANCE);
}

static bool choice_right(const double *p, int n, double total, double mass) {
    Filtered f;
    run_filter(&f, p, n, total, mass);
    return left_by(TYPICAL_RIGHT, &f, mass);
}

// A mass of 1, as if it were no work: the list as it came.
static void recognise_all_kept(Grade *g, const Filtered *f) {
    bool same = f->left.count == f->given.count;
    for (int i = 0; i < f->left.count && same; i++)
        same = f->after[i].token == f->before[i].token;
    grade_mistake(g, same && choice_right(P, TOKENS, 1, 0.999), "one-as-it-came",
                  "a mass of 1 leaves the list as it came: candidates with p = 0 go "
                  "then too, and the others are sorted");
}

// After a step that failed.
static void contrast_choice(Grade *g, const double *p, int n, double total,
                            double mass) {
    double whole[MOST];
    for (int i = 0; i < n; i++) whole[i] = p[i] / total;
    grade_contrast(g, total != 1 && choice_right(whole, n, 1, mass), "only-total-1",
                   "right where the p sum to 1: which sums and p are of shares, p / "
                   "c->total?");
    grade_contrast(g, mass < 1 && choice_right(p, n, total, 1), "only-mass-1",
                   "the order is right where all are kept, with a mass of 1: with "
                   "which sum is the mass compared, and which candidate is the last?");
    grade_contrast(g, mass >= 1 && choice_right(p, n, total, 0.6), "only-part",
                   "right at a mass of 0.6: what is otherwise at a mass of 1?");
    grade_contrast(g, n > 2 && choice_right(p, 2, p[0] + p[1], mass), "only-two",
                   "right for two candidates: are all distances taken before the first "
                   "candidate is moved, and is the comparison an order?");
}

// The student's choice among n candidates against the reference.
static void check_choice(Grade *g, int points, const char *what, const double *p, int n,
                         double total, double mass) {
    int want[MOST], got[MOST] = {0};
    Filtered f;
    run_filter(&f, p, n, total, mass);
    bool good = left_by(TYPICAL_RIGHT, &f, mass), named = good, zero = false;
    bool other = !good && another_distance();
    int right_count = typical_by(TYPICAL_RIGHT, &f.given, mass, want);
    grade_mistake(g, !good && only_count_is_off(&f, want, right_count), "count-not-set",
                  "c->count is as before: it is how many are left");
    grade_mistake(g, apart(&f), "p-and-token-apart",
                  "a token has the p of another one: a candidate is moved whole, token "
                  "and p");
    grade_mistake(g, kept_twice(&f), "kept-twice",
                  "a candidate is kept twice, and another is lost: was the list "
                  "overwritten while it was still read?");
    for (int i = 0; i < COUNT_OF(TYPICAL_MISTAKES) && !named; i++) {
        const TypicalMistake *m = &TYPICAL_MISTAKES[i];
        if (is_distance(m->rule) && other && !distances_are(m->rule)) continue;
        named = left_by(m->rule, &f, mass) && left_of_others(m->rule, total, mass);
        grade_mistake(g, named, m->code, "%s", m->says);
    }
    if (!good && mass >= 1) recognise_all_kept(g, &f);
    int count = f.left.count < n ? f.left.count : n, wanted = right_count;
    for (int i = 0; i < count; i++)
        got[i] = f.after[i].token, zero |= f.after[i].p == 0;
    grade_mistake(g, zero, "zeros-kept", "a candidate with p = 0 never stays");
    char mine[64], right[64];
    grade_expect(g, points, good, "%s, mass %g: kept are the tokens %s, should be %s",
                 what, mass, words_of(mine, sizeof mine, got, count),
                 words_of(right, sizeof right, want, wanted));
    if (!good) contrast_choice(g, p, n, total, mass);
}

static void check_nearest(Grade *g) {
    check_choice(g, 5, "six candidates", P, TOKENS, 1, 1);
}
static void check_mass(Grade *g) {
    check_choice(g, 1, "six candidates", P, TOKENS, 1, 0.5);
    check_choice(g, 1, "six candidates", P, TOKENS, 1, 0.2);
    // in binary all sums are exact, and two candidates are 3.6e-15 short of the mass
    const double exact[] = {0.5, 0.25, 5. / 32, 3. / 32};
    check_choice(g, 1, "p = 1/2, 1/4, 5/32, 3/32, a hair more", exact, 4, 1,
                 0.75 + ldexp(1, -48));
}
static void check_after_cut(Grade *g) {
    check_choice(g, 3, "what top-p left of six (p sum to 0.85)", P, 3, 0.85, 0.72);
}
static void check_ties(Grade *g) {
    const double p[MOST] = {0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125};
    Candidate mixed[MOST];
    for (int i = 0; i < MOST; i++) mixed[i] = (Candidate){p[i], 3 * i % MOST};
    Candidates c = {grade_guarded("list", mixed, sizeof mixed), MOST, 1};
    candidates_typical(&c, 1);
    bool sorted = c.count == MOST;
    for (int i = 0; i < MOST && sorted; i++) sorted = c.list[i].token == i;
    Filtered plain;
    run_filter(&plain, p, MOST, 1, 1);
    bool as_given = c.count == MOST;
    for (int i = 0; i < MOST && as_given; i++)
        as_given = c.list[i].token == mixed[i].token;
    if (as_given) recognise_all_kept(g, &plain);
    grade_mistake(g, !sorted, "ties", "of equal p the lower token comes first");
    grade_expect(g, 0, sorted,
                 "eight candidates with equal p, in mixed order: they are not kept in "
                 "that of their tokens");
    check_choice(g, 1, "eight candidates with equal p", p, MOST, 1, 1);
    check_choice(g, 1, "eight candidates with equal p", p, MOST, 1, 0.5);
}
static void check_all(Grade *g) {
    const double p[] = {0.5, 0, 0.3, 0.2};
    check_choice(g, 1, "p = 0.5, 0, 0.3, 0.2", p, 4, 1, 0.9);
    // the sum of the shares is 1 before the least one
    const double small[] = {0.5, 1e-20, 0.3, 0.2};
    Filtered f;
    run_filter(&f, small, 4, 1, 1);
    grade_mistake(g, f.left.count == 3, "one-is-no-case",
                  "a mass of 1 keeps all candidates with p > 0: a sum of shares rounds "
                  "to 1 before the last of them");
    if (f.left.count != 4)
        check_choice(g, 1, "p = 0.5, 1e-20, 0.3, 0.2", small, 4, 1, 1);
    else check_choice(g, 1, "p = 0.5, 0, 0.3, 0.2", p, 4, 1, 1);
}

// What became of the p that are left: times `factor`, all of them.
static bool multiplied(const Filtered *f, double factor) {
    for (int i = 0; i < f->left.count; i++) {
        const Candidate *c = &f->after[i];
        if (c->token < 0 || c->token >= 4) return false;
        if (fabs(c->p - factor * P[c->token]) > TOLERANCE) return false;
    }
    return f->left.count > 0;
}

// What the total is instead of the sum of the p that are left.
static void name_total(Grade *g, double got, double sum, double total, double mass) {
    const struct {
        double is;
        const char *code, *says;
    } slips[] = {
        {total, "old-total",
         "c->total is as before: it is the sum of the p that are left"},
        {1, "total-one", "c->total is 1: it is the sum of the p that are left"},
        {sum / total, "total-of-shares",
         "c->total is the sum of the shares that are left: of their p"},
        {mass, "total-is-mass",
         "c->total is the mass that was asked for: the sum of the p that are left is "
         "more"},
        {mass * total, "total-is-mass",
         "c->total is the mass times the total before: the sum of the p that are left "
         "is more"},
    };
    for (int i = 0; i < COUNT_OF(slips) && fabs(got - sum) > TOLERANCE; i++)
        grade_mistake(g, fabs(got - slips[i].is) < TOLERANCE, slips[i].code, "%s",
                      slips[i].says);
}

// What a filter after this one, and the draw, read.
static void check_left(Grade *g) {
    const double total = 0.95, mass = 0.69;
    Filtered f;
    run_filter(&f, P, 4, total, mass);
    Candidates c = f.left;
    double sum = 0;
    int changed = 0;
    for (int i = 0; i < c.count && i < 4; i++) {
        int token = c.list[i].token;
        sum += c.list[i].p;
        changed += token < 0 || token >= 4 || c.list[i].p != P[token];
    }
    grade_mistake(g, c.count == 4 && fabs(c.total - total) > TOLERANCE, "count-not-set",
                  "c->count is as before: it is how many are left");
    if (changed == 0) name_total(g, c.total, sum, total, mass);
    bool nearly = changed == 0 && fabs(c.total - sum) < 1e-6;
    grade_mistake(g, nearly && fabs(c.total - sum) > TOLERANCE, "total-in-float",
                  "c->total is right to some digits alone: a float holds seven, add up "
                  "in a double");
    grade_mistake(
        g, changed > 0 && fabs(sum - 1) < TOLERANCE, "renormalised",
        "p were divided by their sum: each stays as it is, c->total says what "
        "they sum to");
    grade_mistake(g, changed > 0 && multiplied(&f, 1 / total), "shares-written",
                  "p were divided by what they summed to before, so that they are "
                  "shares: each p stays as it is");
    grade_expect(g, 4, changed == 0 && fabs(c.total - sum) < TOLERANCE && c.count > 0,
                 "c->total is %.6g, the p that are left add up to %.6g; %d of them are "
                 "not as they were",
                 c.total, sum, changed);
}

// The most likely token may be none of those kept.
static void check_surprise(Grade *g) {
    const double p[] = {0.4, 0.125, 0.122, 0.12, 0.118, 0.115};
    check_choice(g, 1, "one candidate of 0.4 and five near 0.12", p, 6, 1, 0.3);
}

void check_typical(Grade *g) {
    grade_part(g, check_distance(g));
    grade_part(g, check_distance_after_cut(g));
    grade_part(g, check_distance_of_zero(g));
    grade_part(g, check_nearest(g));
    grade_part(g, check_surprise(g));
    grade_part(g, check_mass(g));
    grade_part(g, check_after_cut(g));
    grade_part(g, check_left(g));
    grade_part(g, check_ties(g));
    grade_part(g, check_all(g));
}
