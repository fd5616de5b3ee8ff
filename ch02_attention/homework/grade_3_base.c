// Problem 3: choosing RoPE's base.
#include <math.h>

#include "ch02_attention/homework/grade.h"

static double theta(double base, int dim, int i) { return pow(base, -2.0 * i / dim); }
static double slowest_wavelength(double base, int dim) {
    return 2 * M_PI / theta(base, dim, dim / 2 - 1);
}

// Both sides are a few pow() in double. A relative error of 2^-52 in an exponent of at
// most ln 10^9 = 21 makes 5e-15; 1e-12 leaves room, and a wrong exponent differs by
// 1e-2.
static bool same_base(double a, double b) { return fabs(a - b) <= 1e-12 * fabs(b); }

// The base that a typical error gives.
typedef struct {
    double base;
    const char *code, *says;
} BaseSlip;

// The right base but for its last digits.
static void recognise_digits(Grade *g, double got, double want) {
    double off = fabs(got / want - 1);
    grade_mistake(
        g, !same_base(got, want) && off < 5e-3, "few-digits",
        "right to %d digits: is pi one of few digits, something a float, or a search "
        "that ends too early?",
        (int)ceil(-log10(off)));
}

// What the exponent came to, where it is none of the known ones: got = factor x of^e.
static void recognise_exponent(Grade *g, double got, double want, double factor,
                               double of, const char *what, const char *name) {
    double e = log(got / factor) / log(of), should = log(want / factor) / log(of);
    grade_mistake(g, !same_base(got, want) && isfinite(e), "other-exponent",
                  "what came out is %s to the power %.4g, where the exponent should be "
                  "%.4g, %s",
                  what, e, should, name);
}

static void recognise_base(Grade *g, double got, const BaseSlip *slips, size_t count) {
    for (size_t i = 0; i < count; i++)
        grade_mistake(g, same_base(got, slips[i].base), slips[i].code, "%s",
                      slips[i].says);
}

enum { SMALL = 8 };  // a d where d/(d-2) is far from 1

static void recognise_stretch(Grade *g, double got, double base, double s) {
    grade_mistake(g, same_base(got, base * s), "stretch-times-base",
                  "base x stretch: the slowest pair is i = d/2 - 1, not d/2, and is "
                  "stretched by less than that (or d/(d-2) was divided in integers, "
                  "which gives 1)");
    grade_mistake(g, same_base(got, base * pow(s, (SMALL - 2.0) / SMALL)),
                  "stretch-upside-down", "the exponent is upside down: d/(d-2)");
    grade_mistake(g, same_base(got, pow(base * s, SMALL / (SMALL - 2.0))),
                  "stretch-on-both", "only the stretch has the exponent");
    const BaseSlip slips[] = {
        {base / pow(s, SMALL / (SMALL - 2.0)), "stretch-divided",
         "a longer wavelength needs a larger base: multiply"},
        {pow(base, s), "stretch-power",
         "the base to the power of the stretch: a factor"},
        {pow(s, SMALL / (SMALL - 2.0)), "stretch-no-base",
         "this is the factor: times the base"},
        {base * pow(s, (SMALL + 2.0) / SMALL), "stretch-exponent",
         "the exponent is d/(d-2), not (d+2)/d"},
        {base * pow(s, SMALL / (SMALL - 1.0)), "stretch-exponent",
         "the exponent is d/(d-2): the slowest pair is i = d/2 - 1, and theta_i has 2 "
         "i / d"},
        {base * pow(s, SMALL / 2.0), "stretch-exponent",
         "the exponent is d/(2i) with i = d/2 - 1, not with i = 1"},
        {base * pow(s, 2.0 * SMALL / (SMALL - 2.0)), "stretch-exponent",
         "the exponent is d/(d-2): 2 i is d - 2"},
        {base * pow(s, SMALL / (SMALL / 2 - 1.0)), "stretch-exponent",
         "the exponent is d/(2 i), with the 2: theta_i = base^(-2i/d)"},
        {pow(base, SMALL / (SMALL - 2.0)) * s, "stretch-on-base",
         "the stretch has the exponent d/(d-2), the base has none"},
        {base * pow(s, SMALL / (SMALL - 4.0)), "stretch-exponent",
         "the exponent is d/(2i) with i = d/2 - 1: d/(d-2), not d/(d-4)"},
        {base + pow(s, SMALL / (SMALL - 2.0)), "stretch-added",
         "multiplied, not added"},
    };
    recognise_base(g, got, slips, sizeof slips / sizeof *slips);
}

// What the slowest wavelength becomes, times what it was.
static double stretch_reached(double base, int dim, double stretch) {
    return slowest_wavelength(base_for_stretch(base, dim, stretch), dim)
           / slowest_wavelength(base, dim);
}

static void check_base_stretch(Grade *g) {
    double base = 10000, s = 4, got = base_for_stretch(base, SMALL, s);
    recognise_stretch(g, got, base, s);
    double want = base * pow(s, SMALL / (SMALL - 2.0));
    recognise_digits(g, got, want);
    recognise_exponent(g, got, want, base, s, "base x stretch", "d/(d-2) with d = 8");
    double reached = slowest_wavelength(got, SMALL) / slowest_wavelength(base, SMALL);
    grade_expect(g, 3, same_base(reached, s),
                 "d = 8: the slowest wavelength is stretched by %.6f, should be 4",
                 reached);
    double other = stretch_reached(500000, 128, 0.5);
    grade_expect(g, 1, same_base(other, 0.5),
                 "d = 128, base 500000: stretched by %.6f, should be 0.5", other);
    grade_contrast(
        g, same_base(stretch_reached(500000, 128, 2), 2), "only-stretched",
        "right for a stretch of 2, wrong for 0.5: a stretch below 1 is allowed, "
        "and makes the base smaller. Only base_for_context never goes below "
        "the old one");
    grade_contrast(g, same_base(stretch_reached(10000, 128, 0.5), 0.5),
                   "only-base-10000",
                   "right for base 10000: is that number written in it somewhere?");
    grade_contrast(g, same_base(stretch_reached(500000, SMALL, 0.5), 0.5), "only-d-8",
                   "right for d = 8: is that number, or d/(d-2) = 4/3, written in it "
                   "somewhere?");
}

static void recognise_wavelength(Grade *g, double got, double wanted) {
    grade_mistake(
        g, same_base(got, wanted / (2 * M_PI)), "wavelength-no-such-pair",
        "there is no pair i = d/2: the slowest turns with base^(-(d-2)/d), "
        "not with 1/base (or d/(d-2) was divided in integers, which gives 1)");
    grade_mistake(g, same_base(got, pow(wanted * 2 * M_PI, SMALL / (SMALL - 2.0))),
                  "wavelength-times-two-pi",
                  "2 pi is on the wrong side: theta = 2 pi / wavelength");
    grade_mistake(g, same_base(got, pow(wanted, SMALL / (SMALL - 2.0))),
                  "wavelength-no-two-pi",
                  "2 pi is missing: the wavelength is 2 pi / theta, not 1 / theta");
    grade_mistake(g, same_base(got, pow(wanted / (2 * M_PI), (SMALL - 2.0) / SMALL)),
                  "wavelength-upside-down", "the exponent is upside down: d/(d-2)");
    double turns = wanted / (2 * M_PI);
    const BaseSlip slips[] = {
        {pow(wanted / M_PI, SMALL / (SMALL - 2.0)), "wavelength-pi",
         "a turn is 2 pi, not pi"},
        {pow(1 / turns, SMALL / (SMALL - 2.0)), "wavelength-inverted",
         "wavelength / 2 pi, not 2 pi / wavelength: base^((d-2)/d) is 1 / theta"},
        {pow(turns, SMALL / (SMALL - 1.0)), "wavelength-exponent",
         "the exponent is d/(d-2): the slowest pair is i = d/2 - 1"},
        {pow(turns, SMALL / (2 * (SMALL - 2.0))), "wavelength-exponent",
         "the exponent is d/(d-2), not half of that: 2 i is d - 2"},
        {pow(turns, SMALL / 2.0), "wavelength-exponent",
         "the exponent is d/(2i) with i = d/2 - 1, not with i = 1"},
        {pow(turns, 2.0 * SMALL / (SMALL - 2.0)), "wavelength-exponent",
         "the exponent is d/(d-2): 2 i is d - 2"},
        {pow(turns, SMALL / (SMALL - 4.0)), "wavelength-exponent",
         "the exponent is d/(2i) with i = d/2 - 1: d/(d-2), not d/(d-4)"},
        {pow(turns, (SMALL + 2.0) / SMALL), "wavelength-exponent",
         "the exponent is d/(d-2), not (d+2)/d"},
        {2 * M_PI * pow(wanted, SMALL / (SMALL - 2.0)), "wavelength-two-pi-outside",
         "2 pi belongs to the wavelength, under the exponent"},
        {pow(wanted, SMALL / (SMALL - 2.0)) / (2 * M_PI), "wavelength-two-pi-outside",
         "2 pi belongs to the wavelength, under the exponent"},
    };
    recognise_base(g, got, slips, sizeof slips / sizeof *slips);
}

static void check_base_wavelength(Grade *g) {
    double wanted = 1e6, got = base_for_wavelength(SMALL, wanted);
    recognise_wavelength(g, got, wanted);
    double want = pow(wanted / (2 * M_PI), SMALL / (SMALL - 2.0));
    recognise_digits(g, got, want);
    recognise_exponent(g, got, want, 1, wanted / (2 * M_PI), "(wavelength / 2 pi)",
                       "d/(d-2) with d = 8");
    double reached = slowest_wavelength(got, SMALL);
    grade_expect(g, 3, same_base(reached, wanted),
                 "d = 8: the slowest wavelength is %.6g, should be %.6g", reached,
                 wanted);
    reached = slowest_wavelength(base_for_wavelength(4, 50), 4);
    grade_expect(g, 1, same_base(reached, 50),
                 "d = 4: the slowest wavelength is %.6g, should be 50", reached);
    reached = slowest_wavelength(base_for_wavelength(SMALL, 50), SMALL);
    grade_contrast(
        g, same_base(reached, 50), "only-d-8",
        "right for d = 8, wrong for d = 4, where the slowest pair is i = 1: is "
        "d, or d/(d-2), written in it as a number?");
    grade_contrast(g, true, "only-long-waves",
                   "right for d = 8 and a wavelength of 1e6, wrong where it is 50: is "
                   "something rounded, or limited from below?");
}

// The first pair that turns less than `limit` while training; dim/2 if none does.
static int first_slow_pair(double base, int dim, int trained, double limit) {
    for (int i = 1; i < dim / 2; i++)
        if (trained * theta(base, dim, i) < limit) return i;
    return dim / 2;
}

// The base that keeps pair i within what it saw.
static double base_for_pair(double base, int dim, int i, double ratio) {
    return base * pow(ratio, dim / (2.0 * i));
}

// The README's own case.
enum { DIM = 128, TRAINED = 2048, TARGET = 16384 };
static const double BASE = 10000, RATIO = (double)TARGET / TRAINED;

// The base that pair i asks for, in that case.
static double asked_by(int i) { return base_for_pair(BASE, DIM, i, RATIO); }

// Which pair was chosen.
static void recognise_pair(Grade *g, double got, int pair) {
    grade_mistake(g, same_base(got, BASE * RATIO), "context-no-exponent",
                  "base x target / trained: the exponent d/(2i) is missing, or was "
                  "divided in integers, which gives 1");
    grade_mistake(
        g, same_base(got, asked_by(DIM / 2 - 1)), "context-slowest-only",
        "the base of the slowest pair alone, by the usual recipe or as the last "
        "pair of a loop: each pair asks for a base of its own, and the largest of "
        "these serves all. Here pair %d turns by %.2f, but saw %.2f",
        pair, TARGET * theta(got, DIM, pair), TRAINED * theta(BASE, DIM, pair));
    grade_mistake(g, same_base(got, asked_by(1)), "context-all-pairs",
                  "more than is needed: pairs that completed a turn in training have "
                  "seen every angle");
    grade_mistake(g, same_base(got, asked_by(first_slow_pair(BASE, DIM, TRAINED, 1))),
                  "context-turn-is-one",
                  "a turn is 2 pi, not 1: theta is an angle in radians");
    grade_mistake(
        g, same_base(got, asked_by(pair - 1)), "context-one-early",
        "pair %d completed a turn in training: the first that did not is pair %d",
        pair - 1, pair);
    grade_mistake(g, same_base(got, asked_by(pair + 1)), "context-one-late",
                  "pair %d is the first that did not complete a turn, and asks for the "
                  "largest base: this is the next one's",
                  pair);
    int by_target = first_slow_pair(BASE, DIM, TARGET, 2 * M_PI);
    grade_mistake(
        g, same_base(got, asked_by(by_target)), "context-by-target",
        "which pairs have completed a turn is a matter of the %d positions of "
        "training, not of the %d to come",
        TRAINED, TARGET);
}

// Each pair's base computed from that of the pair before: the product of all factors;
// or with theta by the base so far.
static double base_in_turn(bool thetas) {
    double base = BASE;
    for (int i = 1; i < DIM / 2; i++) {
        double theta_i = theta(thetas ? base : BASE, DIM, i);
        if (TRAINED * theta_i < 2 * M_PI) base = base_for_pair(base, DIM, i, RATIO);
    }
    return base;
}

// How its base was computed.
static void recognise_context(Grade *g, double got, int pair) {
    double factor = pow(RATIO, DIM / (2.0 * pair));
    const BaseSlip slips[] = {
        {BASE * pow(RATIO, (double)DIM / pair), "context-no-two",
         "the exponent is d/(2i): theta_i = base^(-2i/d)"},
        {BASE * pow(RATIO, 2.0 * pair / DIM), "context-upside-down",
         "the exponent is upside down: d/(2i)"},
        {BASE * pow(RATIO, (DIM - 2.0) / DIM), "context-upside-down",
         "the exponent is upside down: d/(2i)"},
        {pow(TARGET / (2 * M_PI), DIM / (2.0 * pair)), "context-no-training",
         "target theta' <= trained theta, not <= 2 pi: what was seen is less than a "
         "turn"},
        {BASE / factor, "context-inverted",
         "target / trained, not trained / target: the base grows"},
        {factor, "context-no-base", "this is the factor: times the old base"},
        {asked_by(first_slow_pair(BASE, DIM, TRAINED, M_PI)), "context-half-turn",
         "a turn is 2 pi, not pi"},
        {base_for_pair(BASE, DIM, pair, TARGET / (2 * M_PI)), "context-no-training",
         "target theta' <= trained theta, not <= 2 pi: what was seen is less than a "
         "turn"},
        {base_in_turn(false), "context-in-turn",
         "each pair's base was made of that of the pair before: each asks by itself, "
         "of "
         "the old base"},
        {base_in_turn(true), "context-in-turn",
         "each pair's base was made of that of the pair before: each asks by itself, "
         "of "
         "the old base"},
        {BASE, "context-unchanged",
         "the old base came back. Either no pair was found that did not complete a "
         "turn, trained theta_i < 2 pi with theta_i = base^(-2i/d), or what a pair "
         "asks "
         "for came out below the old base: it is base x (target / trained)^(d/(2i))"},
        {BASE * pow(RATIO, DIM / (pair + 1.0)), "context-index",
         "pairs count from 0: theta_i = base^(-2i/d)"},
        {BASE * pow(RATIO, DIM / (2.0 * (pair + 1))), "context-index",
         "pairs count from 0: theta_i = base^(-2i/d)"},
    };
    recognise_base(g, got, slips, sizeof slips / sizeof *slips);
}

// Small bases, whose pairs ask for bases near each other: base 20, d = 8, 10 to 15.
// A search in steps would be long on its way to the README's own case.
static bool is_searched(Grade *g) {
    double want = 20;
    for (int i = 1; i < 4; i++)
        if (10 * theta(20, 8, i) < 2 * M_PI)
            want = fmax(want, base_for_pair(20, 8, i, 1.5));
    double got = base_for_context(20, 8, 10, 15), off = got - want;
    bool searched = off > 1e-9 * want && off <= 1 && fabs(got - round(got)) < 1e-6;
    grade_mistake(
        g, searched, "context-searched",
        "base 20, d = 8, 10 to 15: %.6g, where %.6g is the smallest. Was it "
        "searched in steps? Write the condition for one pair i as base' >= ... "
        "and take the largest of these",
        got, want);
    if (searched)
        grade_expect(g, 7, false,
                     "base 20, d = 8, 10 to 15: the base is %.6g, should be "
                     "%.6g",
                     got, want);
    return searched;
}

static bool check_context_usual(Grade *g) {
    double got = base_for_context(BASE, DIM, TRAINED, TARGET);
    int pair = first_slow_pair(BASE, DIM, TRAINED, 2 * M_PI);
    double want = asked_by(pair);
    recognise_pair(g, got, pair);
    recognise_context(g, got, pair);
    recognise_digits(g, got, want);
    recognise_exponent(
        g, got, want, BASE, RATIO, "base x (target / trained)",
        "d/(2i) with i = 41, the first pair that did not complete a turn, "
        "which asks for the largest base");
    return grade_expect(g, 4, same_base(got, want),
                        "d = 128, 2048 to 16384: the base is %.6g, should be %.6g", got,
                        want);
}

// The simpler case in which the small ones are right.
static void contrast_context(Grade *g, double small, double early) {
    bool one = same_base(small, base_for_pair(10000, 4, 1, 4)),
         both = same_base(early, base_for_pair(10000, 64, 1, 24 / 7.0));
    if (one && both) return;
    double whole = base_for_context(10000, 64, 7, 28),
           far = base_for_context(10000, 64, 70, 240);
    int pair = first_slow_pair(10000, 64, 70, 2 * M_PI);
    grade_contrast(g, one && same_base(whole, base_for_pair(10000, 64, 1, 4)),
                   "only-whole-ratio",
                   "right where target / trained is a whole number: is it an int?");
    grade_contrast(
        g, one && same_base(far, base_for_pair(10000, 64, pair, 24 / 7.0)),
        "only-later-pairs",
        "right where pair 1 completed a turn in training, wrong where it did "
        "not (7 to 24): pair 1 is one of those that may ask for the most");
    grade_contrast(
        g, both, "only-d-64",
        "right for d = 64 and wrong for d = 4, which has the pairs 0 and 1: the "
        "last one is i = d/2 - 1");
}

static void check_context_small(Grade *g) {
    // base^(-2/4) 50 = 0.5 < 2 pi: one pair is slow, the slowest. And 7 theta_1 < 2 pi
    // even at i = 1.
    double small = base_for_context(10000, 4, 50, 200),
           early = base_for_context(10000, 64, 7, 24);
    grade_mistake(
        g, same_base(small, 10000), "context-last-pair",
        "d = 4 has one pair but the first, i = 1 = d/2 - 1, and that was left "
        "out: the old base came back");
    grade_mistake(g, same_base(early, base_for_pair(10000, 64, 1, 3)),
                  "context-integers",
                  "24 / 7 is 3 in integers: target / trained is a quotient of doubles");
    grade_expect(g, 2,
                 same_base(small, base_for_pair(10000, 4, 1, 4))
                     && same_base(early, base_for_pair(10000, 64, 1, 24 / 7.0)),
                 "d = 4, 50 to 200, or d = 64, 7 to 24: the bases are %.6g and %.6g",
                 small, early);
    contrast_context(g, small, early);
}

// usual: the other cases are right.
static void check_context_unchanged(Grade *g, bool usual) {
    double same = base_for_context(10000, DIM, TRAINED, TRAINED),
           none = base_for_context(1000, 16, 2700, 9999);
    grade_mistake(
        g, usual && !same_base(none, 1000), "context-no-such-pair",
        "every pair completed a turn in training: the old base. (A pair i = d/2, "
        "which would have turned less, there is not)");
    grade_mistake(g, usual && !same_base(same, 10000), "context-no-more",
                  "no further than in training: the old base");
    grade_expect(g, 1, same_base(same, 10000) && same_base(none, 1000),
                 "where nothing needs to change: the bases are %.6g and %.6g, should "
                 "be 10000 and 1000",
                 same, none);
}

static void check_base_context(Grade *g) {
    if (is_searched(g)) return;
    bool usual = check_context_usual(g);
    check_context_small(g);
    check_context_unchanged(g, usual);
}

void check_base(Grade *g) {
    grade_part(g, check_base_stretch(g));
    grade_part(g, check_base_wavelength(g));
    grade_part(g, check_base_context(g));
}
