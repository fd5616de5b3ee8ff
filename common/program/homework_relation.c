#include "common/program/homework_relation.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    const double *got, *want;
    int n;
    double tolerance, base;
    bool relative;
} Compared;

static double allowed(const Compared *c, int i) {
    return c->tolerance * (c->relative ? fmax(1, fabs(c->want[i])) : 1);
}

// Whether each number is factor x the right one + more.
static bool is_line(const Compared *c, double factor, double more) {
    for (int i = 0; i < c->n; i++) {
        double by = factor * c->want[i] + more;
        if (!(fabs(c->got[i] - by) <= 2 * allowed(c, i) * fmax(1, fabs(factor))))
            return false;
    }
    return true;
}

static bool say(Relation *to, const char *code, const char *says) {
    to->code = code;
    snprintf(to->says, sizeof to->says, "%s", says);
    return true;
}

// "each number is", or, of a single one, "it is".
static const char *each(const Compared *c) {
    return c->n > 1 ? "each number is" : "it is";
}

static bool say_factor(Relation *to, const Compared *c, double factor) {
    const char *hint = fabs(factor - 1 / log(2)) < 1e-6 ? " (1 / ln 2: bits for nats?)"
                       : fabs(factor - log(2)) < 1e-6   ? " (ln 2: nats for bits?)"
                                                        : "";
    to->code = factor == -1 ? "all-negated" : "all-scaled";
    if (factor == -1)
        snprintf(to->says, sizeof to->says, "%s right but for its sign", each(c));
    else
        snprintf(
            to->says, sizeof to->says,
            "%s %.6g times what it should be%s: a factor is missing, or one too many",
            each(c), factor, hint);
    return true;
}

static bool say_more(Relation *to, const Compared *c, double more) {
    to->code = "all-shifted";
    snprintf(to->says, sizeof to->says,
             "%s %.6g too %s: a term is missing, or one too many", each(c), fabs(more),
             more > 0 ? "large" : "small");
    return true;
}

// Of a single number only simple relations can be told from chance, and of a whole
// number hardly these.
static bool simple_line(Relation *to, const Compared *c) {
    const double factors[] = {-1, 2, 0.5, -2, -0.5, 4, 0.25, 1 / log(2), log(2)};
    double want = c->want[0] - c->base, got = c->got[0] - c->base;
    if (want == rint(want) || fabs(want) < 1e-3) return false;
    for (size_t k = 0; k < sizeof factors / sizeof *factors; k++)
        if (fabs(got - factors[k] * want) <= 2 * allowed(c, 0))
            return say_factor(to, c, factors[k]);
    for (int more = -1; more <= 1; more += 2)
        if (is_line(c, 1, more)) return say_more(to, c, more);
    return false;
}

// The two right numbers that are farthest apart.
static void farthest(const Compared *c, int *least, int *most) {
    *least = *most = 0;
    for (int i = 0; i < c->n; i++) {
        if (c->want[i] < c->want[*least]) *least = i;
        if (c->want[i] > c->want[*most]) *most = i;
    }
}

static double rounded_factor(double factor) {
    double near = rint(factor * 5040) / 5040;  // a quotient of small numbers
    return fabs(near - factor) < 1e-6 * fabs(factor) ? near : factor;
}

// How many different right numbers there are, without those that are as before.
static int different(const Compared *c) {
    int count = 0;
    for (int i = 0; i < c->n; i++) {
        bool again = fabs(c->want[i] - c->base) <= allowed(c, i);
        for (int j = 0; j < i; j++)
            again |= fabs(c->want[i] - c->want[j]) <= 4 * allowed(c, i);
        count += !again;
    }
    return count;
}

// Right but for the last digits: no other formula comes so near to every number.
static bool nearly(Relation *to, const Compared *c) {
    double most = 0, off = 0;
    for (int i = 0; i < c->n; i++) most = fmax(most, fabs(c->want[i] - c->base));
    for (int i = 0; i < c->n; i++) {
        double size = fabs(c->want[i] - c->base), by = fabs(c->got[i] - c->want[i]);
        if (!(by <= 1e-5 * fmin(1, size > 0 ? size : most))) return false;
        off = fmax(off, by);
    }
    to->code = "all-nearly";
    snprintf(to->says, sizeof to->says,
             "%s off by no more than %.1g: did a search end too early, is something a "
             "float, or a small constant another one?",
             each(c), off);
    return true;
}

static bool line(Relation *to, const Compared *c) {
    int least, most;
    if (c->n == 1) return simple_line(to, c);
    farthest(c, &least, &most);
    double apart = c->want[most] - c->want[least];
    if (!(apart > 1e-3 && apart > 100 * c->tolerance)) return false;
    double more = c->got[0] - c->want[0];
    int told = different(c);
    if (told < 2) return false;
    if (is_line(c, 1, more) && (told > 2 || more == rint(more)))
        return say_more(to, c, more);
    // at zero there is no factor to be seen
    int far =
        fabs(c->want[most] - c->base) > fabs(c->want[least] - c->base) ? most : least;
    double factor = (c->got[far] - c->base) / (c->want[far] - c->base);
    if (fabs(factor) < 1e-6 || fabs(factor) > 1e6) return false;
    if (is_line(c, rounded_factor(factor), c->base * (1 - rounded_factor(factor))))
        return say_factor(to, c, rounded_factor(factor));
    if (told < 3) return false;
    factor = (c->got[most] - c->got[least]) / apart;
    more = c->got[least] - factor * c->want[least];
    if (fabs(factor) < 1e-6 || !is_line(c, factor, more)) return false;
    to->code = "all-linear";
    snprintf(to->says, sizeof to->says,
             "each number is %.6g times what it should be, and %.6g too %s", factor,
             fabs(more), more > 0 ? "large" : "small");
    return true;
}

// ---- another function of the right number

static double square(double x) { return x * x; }
static double inverse(double x) { return 1 / x; }
static double complement(double x) { return 1 - x; }

static bool function(Relation *to, const Compared *c) {
    static const struct {
        double (*of)(double);
        const char *code, *says;
    } functions[] = {
        {square, "all-squared", "the square of what it should be: a root is missing"},
        {sqrt, "all-rooted", "the root of what it should be"},
        {inverse, "all-inverted", "1 divided by what it should be"},
        {complement, "all-complements", "1 less what it should be"},
        {exp, "all-exponentials", "e to what it should be: the logarithm is missing"},
        {log, "all-logarithms", "the natural logarithm of what it should be"},
        {log2, "all-logarithms", "the logarithm to base 2 of what it should be"},
        {fabs, "all-positive", "the absolute value of what it should be"},
    };
    for (size_t k = 0; k < sizeof functions / sizeof *functions; k++) {
        bool all = true, telling = false;
        for (int i = 0; i < c->n && all; i++) {
            double by = functions[k].of(c->want[i]);
            all = isfinite(by)
                  && fabs(c->got[i] - by) <= 2 * allowed(c, i) * fmax(1, fabs(by));
            telling |= by != 0 && c->want[i] != rint(c->want[i])
                       && fabs(by - c->want[i]) > 1e-3;
        }
        if (!all || !telling) continue;
        to->code = functions[k].code;
        snprintf(to->says, sizeof to->says, "%s %s", each(c), functions[k].says);
        return true;
    }
    return false;
}

// ---- another order

// How many of the right numbers from `from` on stand `by` places further on. A number
// that the ones beside it equal tells nothing.
static bool moved(const Compared *c, int by) {
    int telling = 0;
    for (int i = 0; i < c->n; i++) {
        int j = i + by;
        if (j < 0 || j >= c->n) continue;
        if (!(fabs(c->got[j] - c->want[i]) <= allowed(c, i))) return false;
        telling += c->want[i] != c->want[j];
    }
    return telling >= 3;
}

static bool reversed(const Compared *c) {
    int telling = 0;
    for (int i = 0; i < c->n; i++) {
        if (!(fabs(c->got[i] - c->want[c->n - 1 - i]) <= allowed(c, i))) return false;
        telling += c->want[i] != c->want[c->n - 1 - i];
    }
    return telling >= 2;
}

static bool order(Relation *to, const Compared *c) {
    if (reversed(c))
        return say(to, "all-reversed",
                   "these are the right numbers from the last to the first");
    if (moved(c, 1))
        return say(to, "all-late",
                   "each number is one place too far: the index is off by one");
    if (moved(c, -1))
        return say(to, "all-early",
                   "each number is one place too early: the index is off by one");
    return false;
}

bool homework_relation(Relation *to, const double *got, const double *want, int n,
                       double tolerance, bool relative, double base) {
    Compared c = {got, want, n, tolerance, base, relative};
    bool zeros = true, some = false, whole = true;
    for (int i = 0; i < n; i++) {
        if (!isfinite(got[i]) || !isfinite(want[i])) return false;
        zeros &= got[i] == base, some |= want[i] != base;
        whole &= want[i] == rint(want[i]);
    }
    if (n == 0 || is_line(&c, 1, 0)) return false;
    if (whole) return order(to, &c);  // ids and counts: twice one of them means nothing
    if (zeros && some && n > 1)
        return say(
            to, "all-zero",
            base == 0 ? "all numbers are 0" : "nothing was added to what was there");
    return nearly(to, &c) || line(to, &c) || function(to, &c) || order(to, &c);
}
