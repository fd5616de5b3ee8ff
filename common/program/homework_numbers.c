#include "common/program/homework_numbers.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/program/homework_run.h"

// Equal infinities are near; a NaN is near nothing.
static bool near(double got, double want, double tolerance) {
    if (!isfinite(want)) return got == want;
    return fabs(got - want) <= tolerance * fmax(1, fabs(want));
}

static bool all_near(const double *got, const double *want, int n, double tolerance) {
    for (int i = 0; i < n; i++)
        if (!near(got[i], want[i], tolerance)) return false;
    return true;
}

// The first slip from `from` on that gives just these numbers; slip_count: none.
static int slip_of(const double *got, int n, double tolerance,
                   void (*by)(int rule, const void *of, double *to), const void *of,
                   const Slip *slips, int slip_count, int from) {
    double numbers[MOST_NUMBERS];
    for (int i = from; i < slip_count; i++) {
        by(slips[i].rule, of, numbers);
        if (all_near(got, numbers, n, tolerance)) return i;
    }
    return slip_count;
}

void grade_slip(Grade *g, const char *what, const double *got, int n, double tolerance,
                void (*by)(int rule, const void *of, double *to), const void *of,
                const Slip *slips, int slip_count) {
    double want[MOST_NUMBERS];
    by(0, of, want);
    if (all_near(got, want, n, tolerance)) return;
    int first = slip_of(got, n, tolerance, by, of, slips, slip_count, 0), other = first;
    do other = slip_of(got, n, tolerance, by, of, slips, slip_count, other + 1);
    while (other < slip_count && strcmp(slips[first].code, slips[other].code) == 0);
    if (other < slip_count)
        grade_mistake(g, true, slips[first].code, "%s. Or: %s", slips[first].says,
                      slips[other].says);
    else if (first < slip_count)
        grade_mistake(g, true, slips[first].code, "%s", slips[first].says);
    else homework_relate(g, what, got, want, n, tolerance, true, 0);
}

void grade_written(Grade *g, const double *got, int n, double tolerance,
                   void (*by)(int rule, const void *of, double *to), const void *of,
                   double before) {
    double want[MOST_NUMBERS];
    int as_before = 0, added = 0, right = 0;
    by(0, of, want);
    for (int i = 0; i < n; i++) {
        added += near(got[i], want[i] + before, tolerance);
        right += near(got[i], want[i], tolerance);
        as_before += got[i] == before && !near(want[i], before, tolerance);
    }
    // of some alone: only a part of the array was set to 0
    grade_mistake(g, added > 0 && added + right == n, "added-to",
                  "the numbers were added to what the array held before: it is to be "
                  "written, and may hold anything");
    grade_mistake(g, as_before > 0, "not-written",
                  "%d of %d numbers are as they were before: all are to be written",
                  as_before, n);
}

static bool right_in(const void *of, double tolerance,
                     int (*get)(const void *of, double *got),
                     void (*by)(int rule, const void *of, double *to)) {
    double got[MOST_NUMBERS], want[MOST_NUMBERS];
    int n = get(of, got);
    by(0, of, want);
    return all_near(got, want, n, tolerance);
}

void grade_simpler(Grade *g, double tolerance, int (*get)(const void *of, double *got),
                   void (*by)(int rule, const void *of, double *to),
                   const Simpler *cases, int count) {
    // what is nearly right is so in some cases by chance
    if (g->relation[0] && strcmp(g->relation_code, "all-nearly") == 0) return;
    for (int i = 0; i < count; i++)
        grade_contrast(g, right_in(cases[i].of, tolerance, get, by), cases[i].code,
                       "%s", cases[i].says);
}

typedef struct {
    char text[32];
} Spelt;

// NaN has one spelling on every machine.
static Spelt spelt(double x) {
    Spelt s;
    if (isnan(x)) snprintf(s.text, sizeof s.text, "not a number (NaN)");
    else snprintf(s.text, sizeof s.text, "%.8g", x);
    return s;
}

void grade_numbers(Grade *g, int points, const char *what, const double *got, int n,
                   double tolerance, void (*by)(int rule, const void *of, double *to),
                   const void *of, const Slip *slips, int slip_count) {
    double want[MOST_NUMBERS];
    int off = 0;
    by(0, of, want);
    bool good = all_near(got, want, n, tolerance);
    grade_slip(g, what, got, n, tolerance, by, of, slips, slip_count);
    while (off < n - 1 && near(got[off], want[off], tolerance)) off++;
    if (n == 1)
        grade_expect(g, points, good, "%s is %s, should be %s", what,
                     spelt(got[0]).text, spelt(want[0]).text);
    else
        grade_expect(g, points, good, "%s: number %d is %s, should be %s", what, off,
                     spelt(got[off]).text, spelt(want[off]).text);
}
