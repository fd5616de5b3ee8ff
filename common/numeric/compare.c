#include "common/numeric/compare.h"

#include <assert.h>
#include <math.h>

static double difference(real a, real b) {
    return a == b ? 0 : fabs((double)a - (double)b);  // inf - inf would be NaN
}

double mat_difference(Mat a, Mat b) {
    assert(a.rows == b.rows && a.cols == b.cols && "mat_difference: shapes differ");
    double most = 0;
    for (int i = 0; i < a.rows; i++)
        for (int j = 0; j < a.cols; j++)
            most = nan_max(most, difference(*mat_at(a, i, j), *mat_at(b, i, j)));
    return most;
}

double array_difference(const real *a, const real *b, size_t n) {
    double most = 0;
    for (size_t i = 0; i < n; i++) most = nan_max(most, difference(a[i], b[i]));
    return most;
}

double mat_largest(Mat a) {
    double most = 0;
    for (int i = 0; i < a.rows; i++)
        for (int j = 0; j < a.cols; j++)
            most = nan_max(most, fabs((double)*mat_at(a, i, j)));
    return most;
}
