#include "common/numeric/principal.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/numeric/rng.h"

static double dot(const double *a, const double *b, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

// covariance [cols x cols]
static void covariance_of(double *covariance, double *mean, const double *x, int rows,
                          int cols) {
    memset(mean, 0, (size_t)cols * sizeof *mean);
    memset(covariance, 0, (size_t)cols * (size_t)cols * sizeof *covariance);
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < cols; j++) mean[j] += x[(size_t)i * cols + j] / rows;
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < cols; j++)
            for (int k = 0; k < cols; k++)
                covariance[(size_t)j * cols + k] +=
                    (x[(size_t)i * cols + j] - mean[j])
                    * (x[(size_t)i * cols + k] - mean[k]) / rows;
}

// Gram and Schmidt, twice: once leaves what cancels. Returns the last axis's length before.
static double add_axis(double *axes, int which, int cols) {
    double *a = axes + (size_t)which * cols, length = 0;
    for (int again = 0; again < 2; again++) {
        for (int k = 0; k < which; k++) {
            const double *b = axes + (size_t)k * cols;
            double along = dot(a, b, cols);
            for (int j = 0; j < cols; j++) a[j] -= along * b[j];
        }
        double now = sqrt(dot(a, a, cols));
        if (again == 0) length = now;
        for (int j = 0; j < cols && now > 0; j++) a[j] /= now;
    }
    return length;
}

static void make_largest_positive(double *a, int cols) {
    int largest = 0;
    for (int j = 1; j < cols; j++)
        if (fabs(a[j]) > fabs(a[largest])) largest = j;
    for (int j = 0; j < cols && a[largest] < 0; j++)
        if (j != largest) a[j] = -a[j];
    a[largest] = fabs(a[largest]);
}

void principal_axes(double *axes, double *variance, double *mean, const double *x,
                    int rows, int cols, int count) {
    assert(rows >= 1 && 1 <= count && count <= cols);
    size_t area = (size_t)cols * (size_t)cols;
    double *covariance = allocate(area, sizeof *covariance),
           *next = allocate((size_t)cols, sizeof *next);
    Rng rng = rng_new(1);
    covariance_of(covariance, mean, x, rows, cols);
    for (int i = 0; i < count * cols; i++) axes[i] = rng_normal(&rng);
    for (int k = 0; k < count; k++) add_axis(axes, k, cols);
    for (int step = 0; step < PRINCIPAL_STEPS; step++)
        for (int k = 0; k < count; k++) {
            double *a = axes + (size_t)k * cols;
            for (int j = 0; j < cols; j++)
                next[j] = dot(covariance + (size_t)j * cols, a, cols);
            memcpy(a, next, (size_t)cols * sizeof *a);
            variance[k] = add_axis(axes, k, cols);
        }
    for (int k = 0; k < count; k++)
        make_largest_positive(axes + (size_t)k * cols, cols);
    free(covariance), free(next);
}
