#include "ch05_sft_rlhf/advantage.h"

#include <math.h>

static void plain(double *a, int n) { (void)a, (void)n; }

void advantages_centre(double *a, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += a[i];
    for (int i = 0; i < n; i++) a[i] -= sum / n;
}

// Below this share of the largest, deviations are rounding.
static const double SMALLEST = 1e-12;

void advantages_whiten(double *a, int n) {
    double squares = 0, largest = 0;
    for (int i = 0; i < n; i++) largest = fmax(largest, fabs(a[i]));
    advantages_centre(a, n);
    for (int i = 0; i < n; i++) squares += a[i] * a[i];
    double deviation = sqrt(squares / n);
    for (int i = 0; i < n; i++)
        a[i] = deviation > SMALLEST * largest ? a[i] / deviation : 0;
}

const AdvantageType advantage_kinds[] = {
    // as they are
    [ADVANTAGE_PLAIN] = {"plain", plain},
    // less their mean
    [ADVANTAGE_CENTRED] = {"centred", advantages_centre},
    // less their mean, divided by their deviation
    [ADVANTAGE_WHITENED] = {"whitened", advantages_whiten},
};
_Static_assert(sizeof advantage_kinds / sizeof *advantage_kinds == ADVANTAGE_KINDS,
               "a kind without a line in the table");

const char *const *advantage_names(void) {
    static const char *names[ADVANTAGE_KINDS + 1];
    for (int i = 0; i < ADVANTAGE_KINDS; i++) names[i] = advantage_kinds[i].name;
    return names;
}
