// Problem 4: typical sampling.
#include <math.h>
#include <stdio.h>
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
    TYPICAL_PLUS,          // surprise + entropy, or ln p - entropy
    TYPICAL_ENTROPY_SIGN,  // the entropy's sign
    TYPICAL_PROBABILITY,   // |p - e^-entropy|
    TYPICAL_P_ENTROPY,     // |p - entropy|
    TYPICAL_SQUARED,
    TYPICAL_SURPRISE_BITS,  // log2 in the surprise alone
    TYPICAL_ALL_BITS,       // both in bits
    TYPICAL_MEAN_SURPRISE,  // the entropy without weights
} TypicalRule;

static double entropy_by(TypicalRule rule, const Candidates *c) {
    double nats = 0, plain = 0;
    bool raw = rule == TYPICAL_RAW || rule == TYPICAL_RAW_ENTROPY;
    for (int i = 0; i < c->count; i++) {
        double share = c->list[i].p / (raw ? 1 : c->total);
        if (share > 0) nats -= share * log(share), plain -= log(share) / c->count;
    }
    if (rule == TYPICAL_MEAN_SURPRISE) return plain;
    if (rule == TYPICAL_ENTROPY_SIGN) return -nats;
    bool bits = rule == TYPICAL_BITS || rule == TYPICAL_ALL_BITS;
    return bits ? nats / log(2) : nats;
}

// What the candidates are sorted by.
static double key_of(TypicalRule rule, const Candidates *c, const Candidate *x) {
    bool raw = rule == TYPICAL_RAW || rule == TYPICAL_RAW_SURPRISE,
         bits = rule == TYPICAL_SURPRISE_BITS || rule == TYPICAL_ALL_BITS;
    double share = x->p / (raw ? 1 : c->total), entropy = entropy_by(rule, c);
    if (rule == TYPICAL_LIKELY) return -share;
    if (share == 0) return INFINITY;
    double surprise = -log(share) / (bits ? log(2) : 1), above = surprise - entropy;
    switch (rule) {
        case TYPICAL_SIGNED: return above;
        case TYPICAL_FARTHEST: return -fabs(above);
        case TYPICAL_PLUS: return fabs(surprise + entropy);
        case TYPICAL_PROBABILITY: return fabs(share - exp(-entropy));
        case TYPICAL_P_ENTROPY: return fabs(share - entropy);
        case TYPICAL_SQUARED: return above * above;
        default: return fabs(above);
    }
}

static bool comes_first(TypicalRule rule, const Candidates *c, const Candidate *a,
                        const Candidate *b) {
    double x = key_of(rule, c, a), y = key_of(rule, c, b);
    if (x != y) return x < y;
    return (a->token < b->token) != (rule == TYPICAL_HIGH_TOKEN);
}

// By selection, the plain way. c stays; kept[MOST].
static int typical_by(TypicalRule rule, const Candidates *c, double mass, int *kept) {
    Candidate left[MOST];
    int n = 0, count = 0;
    for (int i = 0; i < c->count; i++)
        if (c->list[i].p > 0) left[n++] = c->list[i];
    double sum = 0,
           whole = rule == TYPICAL_RAW_MASS || rule == TYPICAL_RAW ? 1 : c->total;
    while (n > 0
           && (mass >= 1 || sum < mass * whole
               || (rule == TYPICAL_MORE && sum == mass * whole))) {
        int best = 0;
        for (int i = 1; i < n; i++)
            if (comes_first(rule, c, &left[i], &left[best])) best = i;
        kept[count++] = left[best].token, sum += left[best].p;
        left[best] = left[--n];
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
};

static void distances_by(TypicalRule rule, const Candidates *c, double *to) {
    for (int i = 0; i < c->count; i++) to[i] = key_of(rule, c, &c->list[i]);
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
    grade_near_array(g, points, what, got, want, n, TOLERANCE);
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
};

// The student's choice among n candidates against the reference.
static void check_choice(Grade *g, int points, const char *what, const double *p, int n,
                         double total, double mass) {
    Candidates c = candidates(p, n, total);
    int want[MOST], slip[MOST], got[MOST] = {0};
    Candidates before = c;
    Candidate list[MOST];
    memcpy(list, c.list, (size_t)n * sizeof *list), before.list = list;
    candidates_typical(&c, mass);
    int count = typical_by(TYPICAL_RIGHT, &before, mass, want);
    bool good = keeps(&c, want, count);
    for (int i = 0; i < COUNT_OF(TYPICAL_MISTAKES) && !good; i++) {
        int slips = typical_by(TYPICAL_MISTAKES[i].rule, &before, mass, slip);
        if (grade_mistake(g, keeps(&c, slip, slips), TYPICAL_MISTAKES[i].code, "%s",
                          TYPICAL_MISTAKES[i].says))
            break;
    }
    bool zero = false;
    for (int i = 0; i < c.count && i < n; i++) zero |= c.list[i].p == 0;
    grade_mistake(g, zero, "zeros-kept", "a candidate with p = 0 never stays");
    char mine[64], right[64];
    for (int i = 0; i < c.count && i < n; i++) got[i] = c.list[i].token;
    grade_expect(g, points, good, "%s, mass %g: kept are the tokens %s, should be %s",
                 what, mass,
                 words_of(mine, sizeof mine, got, c.count < n ? c.count : n),
                 words_of(right, sizeof right, want, count));
}

static void check_nearest(Grade *g) {
    check_choice(g, 5, "six candidates", P, TOKENS, 1, 1);
}
static void check_mass(Grade *g) {
    check_choice(g, 2, "six candidates", P, TOKENS, 1, 0.5);
    check_choice(g, 1, "six candidates", P, TOKENS, 1, 0.2);
}
static void check_after_cut(Grade *g) {
    check_choice(g, 3, "what top-p left of six (p sum to 0.85)", P, 3, 0.85, 0.72);
}
static void check_ties(Grade *g) {
    const double p[MOST] = {0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125};
    check_choice(g, 1, "eight candidates with equal p", p, MOST, 1, 1);
    check_choice(g, 1, "eight candidates with equal p", p, MOST, 1, 0.5);
}
static void check_all(Grade *g) {
    const double p[] = {0.5, 0, 0.3, 0.2};
    check_choice(g, 1, "p = 0.5, 0, 0.3, 0.2", p, 4, 1, 0.9);
    check_choice(g, 1, "p = 0.5, 0, 0.3, 0.2", p, 4, 1, 1);
}

// What a filter after this one, and the draw, read.
static void check_left(Grade *g) {
    Candidates c = candidates(P, 4, 0.95);
    candidates_typical(&c, 0.7);
    double sum = 0;
    int changed = 0;
    for (int i = 0; i < c.count && i < 4; i++) {
        int token = c.list[i].token;
        sum += c.list[i].p;
        changed += token < 0 || token >= 4 || c.list[i].p != P[token];
    }
    grade_mistake(g, fabs(c.total - 0.95) < TOLERANCE && fabs(sum - 0.95) > TOLERANCE,
                  "old-total",
                  "c->total is as before: it is the sum of the p that are "
                  "left");
    grade_mistake(g, changed == 0 && c.total == 1 && fabs(sum - 1) > TOLERANCE,
                  "total-one", "c->total is 1: it is the sum of the p that are left");
    grade_mistake(g, c.count == 4 && fabs(c.total - 0.95) > TOLERANCE, "count-not-set",
                  "c->count is as before: it is how many are left");
    grade_mistake(
        g, changed > 0 && fabs(sum - 1) < TOLERANCE, "renormalised",
        "p were divided by their sum: each stays as it is, c->total says what "
        "they sum to");
    grade_expect(g, 4, changed == 0 && fabs(c.total - sum) < TOLERANCE && c.count > 0,
                 "c->total is %.6g, the p that are left add up to %.6g; %d of them are "
                 "not as they "
                 "were",
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
