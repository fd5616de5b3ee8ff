#include <math.h>

#include "ch04_pretrain/homework/grade.h"
#include "common/program/homework_run.h"

bool near_array(const double *got, const double *want, int n, double tolerance) {
    for (int i = 0; i < n; i++)
        if (!(fabs(got[i] - want[i]) <= tolerance)) return false;
    return true;
}

bool grade_near_array(Grade *g, int points, const char *what, const double *got,
                      const double *want, int n, double tolerance) {
    int off = 0;
    while (off < n - 1 && fabs(got[off] - want[off]) <= tolerance) off++;
    bool good = near_array(got, want, n, tolerance);
    homework_relate(g, what, got, want, n, tolerance, false, 0);
    if (isnan(got[off]))
        grade_expect(g, points, good,
                     "%s: number %d is not a number (NaN), should be %.6g", what, off,
                     want[off]);
    else
        grade_expect(g, points, good, "%s: number %d is %.6g, should be %.6g", what,
                     off, got[off], want[off]);
    return good;
}

double five_errors(int draws, double p) { return 5 * sqrt(draws * p * (1 - p)) + 0.5; }

bool fits_law(const int *counts, int draws, const double *p, int outcomes) {
    for (int o = 0; o < outcomes; o++)
        if (fabs(counts[o] - draws * p[o]) > five_errors(draws, p[o])) return false;
    return true;
}
