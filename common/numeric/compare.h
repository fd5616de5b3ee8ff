// How far numbers are from one another. A NaN is never lost on the way: whatever is
// claimed or tested of the result fails.
#pragma once
#include <stddef.h>

#include "common/numeric/mat.h"

// The larger and the smaller of two numbers, for the worst of many. Unlike fmax and
// fmin they keep a NaN.
static inline double nan_max(double worst, double x) {
    return x <= worst || worst != worst ? worst : x;
}
static inline double nan_min(double least, double x) {
    return x >= least || least != least ? least : x;
}

// The largest |a - b| over all elements; 0 where there are none. Equal infinities
// differ by 0, other ones by infinity. Shapes are the same; any strides.
double mat_difference(Mat a, Mat b);
double array_difference(const real *a, const real *b, size_t n);
// The largest |a|.
double mat_largest(Mat a);
