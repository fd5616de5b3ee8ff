#include "common/program/homework_numbers.h"

#include <math.h>

// Equal infinities are near; a NaN is near nothing.
static bool near(double got, double want, double tolerance) {
    return got == want || fabs(got - want) <= tolerance * fmax(1, fabs(want));
}

static bool all_near(const double *got, const double *want, int n, double tolerance) {
    for (int i = 0; i < n; i++)
        if (!near(got[i], want[i], tolerance)) return false;
    return true;
}

void grade_numbers(Grade *g, int points, const char *what, const double *got, int n,
                   double tolerance, void (*by)(int rule, const void *of, double *to),
                   const void *of, const Slip *slips, int slip_count) {
    double want[MOST_NUMBERS], slip[MOST_NUMBERS];
    int off = 0;
    by(0, of, want);
    bool good = all_near(got, want, n, tolerance);
    for (int i = 0; i < slip_count && !good; i++) {
        by(slips[i].rule, of, slip);
        if (grade_mistake(g, all_near(got, slip, n, tolerance), slips[i].code, "%s",
                          slips[i].says))
            break;
    }
    while (off < n - 1 && near(got[off], want[off], tolerance)) off++;
    if (n == 1)
        grade_expect(g, points, good, "%s is %.8g, should be %.8g", what, got[0],
                     want[0]);
    else
        grade_expect(g, points, good, "%s: number %d is %.8g, should be %.8g", what,
                     off, got[off], want[off]);
}
