#include "common/numeric/least_squares.h"

#include <assert.h>
#include <float.h>
#include <math.h>

// Reflects the rows from k on so that column k becomes (r, 0, ..., 0); returns r. a's
// column keeps the reflection's vector v, and every later column and y are reflected: z
// -= v (v.z) 2 / (v.v).
static double reflect(double *a, double *y, int rows, int cols, int k) {
    double square = 0;
    for (int i = k; i < rows; i++) square += a[i * cols + k] * a[i * cols + k];
    // away from the pivot: no cancellation
    double r = a[k * cols + k] > 0 ? -sqrt(square) : sqrt(square);
    a[k * cols + k] -= r;
    double half = -r * a[k * cols + k];  // v.v / 2
    if (half == 0) return 0;
    for (int j = k + 1; j <= cols; j++) {
        double dot = 0;
        for (int i = k; i < rows; i++)
            dot += a[i * cols + k] * (j < cols ? a[i * cols + j] : y[i]);
        for (int i = k; i < rows; i++) {
            double step = dot / half * a[i * cols + k];
            if (j < cols) a[i * cols + j] -= step;
            else y[i] -= step;
        }
    }
    return r;
}

bool least_squares(double *x, double *a, double *y, int rows, int cols) {
    assert(rows >= cols && cols >= 1 && "least_squares: fewer equations than unknowns");
    double first = 0;
    for (int k = 0; k < cols; k++) {
        x[k] = reflect(a, y, rows, cols, k);  // R's diagonal, for now
        if (k == 0) first = fabs(x[0]);
        if (fabs(x[k]) <= first * DBL_EPSILON * rows) return false;
    }
    for (int k = cols - 1; k >= 0; k--) {
        double sum = y[k];
        for (int j = k + 1; j < cols; j++) sum -= a[k * cols + j] * x[j];
        x[k] = sum / x[k];
    }
    return true;
}
