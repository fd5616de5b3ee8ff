#include "ch02_attention/decay.h"

#include <math.h>

static const double EULER_GAMMA = 0.57721566490153286;

// e^(ix)
static double complex unit(double x) { return cos(x) + I * sin(x); }

double rope_cosine_sum(const double *theta, int n, double s) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += cos(s * theta[i]);
    return sum / n;
}

double rope_decay_bound(const double *theta, int n, double s) {
    double complex partial = 0;
    double sum = 0;
    for (int i = 0; i < n; i++) {
        partial += unit(s * theta[i]);
        sum += cabs(partial);
    }
    return sum / n;
}

double rope_closed_form(double base, int dim, double s) {
    return 1 - (log(s) + EULER_GAMMA) / log(base) - 1.0 / dim;
}

double rope_jitter(const double *theta, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += sin(theta[i] / 2) * sin(theta[i] / 2);
    return sqrt(2 * sum) / n;
}

double rope_score_size(const double complex *h, const double *theta, int n, double s) {
    double complex sum = 0;
    for (int i = 0; i < n; i++) sum += h[i] * unit(s * theta[i]);
    return cabs(sum);
}

double rope_largest_step(const double complex *h, int n) {
    double largest = cabs(h[n - 1]);
    for (int i = 0; i + 1 < n; i++) largest = fmax(largest, cabs(h[i + 1] - h[i]));
    return largest;
}

void rope_bound_adversary(double complex *h, const double *theta, int n, double s) {
    double complex partial = 0;
    for (int i = 0; i < n; i++) {
        partial += unit(s * theta[i]);
        double size = cabs(partial);
        h[i] = size > 0 ? conj(partial) / size : 1;  // the step h_i - h_{i+1}, for now
    }
    for (int i = n - 2; i >= 0; i--) h[i] += h[i + 1];
}
