#include "ch05_sft_rlhf/ab_test.h"

#include <math.h>

Mean paired_difference(const double *a, const double *b, int count) {
    Mean m = {0};
    for (int i = 0; i < count; i++) mean_add(&m, a[i] - b[i]);
    return m;
}

double every_look_errors(double n, double rho, double alpha) {
    return sqrt((1 + rho / n) * (log1p(n / rho) + 2 * log(1 / alpha)));
}

enum { CELLS = 400 };

// The density of a sum after one more look, from its density f on [-from, from]: steps
// are N(0, 1). Simpson's rule, CELLS + 1 points; to: on [-reach, reach].
static void one_more(double *to, double reach, const double *f, double from) {
    double h = 2 * from / CELLS, g = 2 * reach / CELLS;
    for (int j = 0; j <= CELLS; j++) {
        double sum = 0;
        for (int i = 0; i <= CELLS; i++) {
            double step = -reach + g * j - (-from + h * i),
                   simpson = i == 0 || i == CELLS ? 1
                             : i % 2              ? 4
                                                  : 2;
            sum += simpson * f[i] * exp(-step * step / 2);
        }
        to[j] = sum * h / 3 / sqrt(2 * M_PI);
    }
}

static double integral(const double *f, double from) {
    double sum = 0;
    for (int i = 0; i <= CELLS; i++)
        sum += f[i] * (i == 0 || i == CELLS ? 1 : i % 2 ? 4 : 2);
    return sum * 2 * from / CELLS / 3;
}

double peeking_error(int looks, double z) {
    double f[CELLS + 1], next[CELLS + 1];
    // after the first look: a standard normal, where it has not stopped
    for (int i = 0; i <= CELLS; i++) {
        double x = -z + 2 * z * i / CELLS;
        f[i] = exp(-x * x / 2) / sqrt(2 * M_PI);
    }
    for (int k = 2; k <= looks; k++) {
        double from = z * sqrt(k - 1), reach = z * sqrt(k);
        one_more(next, reach, f, from);
        for (int i = 0; i <= CELLS; i++) f[i] = next[i];
    }
    return 1 - integral(f, z * sqrt(looks));
}

double peeking_bound(int looks, double alpha) {
    double low = 0, high = 10;
    for (int i = 0; i < 40; i++) {
        double z = (low + high) / 2;
        if (peeking_error(looks, z) > alpha) low = z;
        else high = z;
    }
    return high;
}
