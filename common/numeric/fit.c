#include "common/numeric/fit.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "common/error.h"

double line_slope(const double *x, const double *y, const double *errors, int n,
                  double *error) {
    assert(n >= 2 && "line_slope: fewer than two points");
    double mean = 0, squares = 0, slope = 0, variance = 0;
    for (int i = 0; i < n; i++) mean += x[i] / n;
    for (int i = 0; i < n; i++) squares += pow(x[i] - mean, 2);
    for (int i = 0; i < n; i++) {
        double weight = (x[i] - mean) / squares;
        slope += weight * y[i];
        if (errors) variance += pow(weight * errors[i], 2);
    }
    if (error) *error = sqrt(variance);
    return slope;
}

double log_slope(const double *x, const double *y, const double *errors, int n,
                 double *error) {
    double *logs = allocate(2 * (size_t)n, sizeof *logs);
    for (int i = 0; i < n; i++) logs[i] = log(x[i]), logs[n + i] = log(y[i]);
    double slope = line_slope(logs, logs + n, errors, n, error);
    free(logs);
    return slope;
}
