#include "ch02_attention/interpolation.h"

#include <math.h>

double interpolation_bound(double base, int dim, double fraction) {
    double curvature = (1 - pow(base, -2)) / (1 - pow(base, -4.0 / dim));
    return fraction * (1 - fraction) / 2 * curvature;
}

double interpolation_bound_published(double base, int dim, double fraction) {
    return dim * fraction * (1 - fraction) / (8 * log(base));
}

double interpolation_adversary_deviation(const double *theta, int dim) {
    double sum = 0;
    for (int j = 0; j < dim / 2; j++) sum += 2 * sin(theta[j] / 4) * sin(theta[j] / 4);
    return sum;
}

void distance_basis(double *basis, const double *theta, int dim, double s) {
    for (int j = 0; j < dim / 2; j++) {
        basis[j] = cos(s * theta[j]);
        basis[dim / 2 + j] = sin(s * theta[j]);
    }
}

double distance_score(const double *coefficients, const double *theta, int dim,
                      double s) {
    double sum = 0;
    for (int j = 0; j < dim / 2; j++)
        sum += coefficients[j] * cos(s * theta[j])
               + coefficients[dim / 2 + j] * sin(s * theta[j]);
    return sum;
}
