// The slope of the straight line through n points, by least squares:
//
//     slope = sum_i w_i y_i,     w_i = (x_i - mean x) / sum_j (x_j - mean x)^2
//
// It is a weighted sum of the y, so their errors carry over to it. errors[i]: the
// standard error of y[i], each independent of the others; then *error is the slope's:
// sqrt(sum (w_i errors_i)^2). Both may be NULL. n >= 2, and not all x the same.
#pragma once

double line_slope(const double *x, const double *y, const double *errors, int n,
                  double *error);

// The same through (ln x, ln y), x and y > 0: the exponent p of a power law y = c x^p.
// errors: of ln y, which for small ones is (error of y) / y.
double log_slope(const double *x, const double *y, const double *errors, int n,
                 double *error);
