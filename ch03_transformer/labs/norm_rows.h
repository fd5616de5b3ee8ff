// Shared by the labs on normalisation: the three norms bare, and one row of layer norm
// or RMS norm in double.
//
// Rounding, in units of u = 2^-24 (Higham, "Accuracy and Stability", 2002, chapters 3
// and 4). A sum of d numbers is off by `depth` u times the sum of their sizes, where
// depth is how many additions a number goes through. So y is off by (depth + 5) u a,
// with a = |y| + mean|x| / s: the mean's error counts as well. In dx = (g - mean(g) - y
// mean(y g)) / s the last term has y twice, two sums and s: 3.5 depth + 18 roundings,
// and no other term has more.
#pragma once
#include "ch03_transformer/norm.h"

// A norm without gain and bias.
typedef Node *BareNorm(Tape *t, Node *x, double epsilon);
BareNorm bare_layer_norm, bare_rms_norm, bare_batch_norm;

// out = bare(x), dx = what its pull makes of g. All rows x d; out and dx may be {0}.
void norm_through(BareNorm *bare, Mat out, Mat dx, Mat x, Mat g, double epsilon);

// The sum of a_ij b_ij, in double.
double mat_inner(Mat a, Mat b);

typedef struct {
    double mean, variance, s;        // RMS norm: mean 0, variance is the mean square
    double y_g;                      // sum of y g
    double x_size, g_size, yg_size;  // means of |x|, |g| and a |g|
    double depth;
} RowNorm;

// g may be NULL: then no y_g, g_size, yg_size.
RowNorm row_norm(NormKind kind, const real *x, const real *g, int d, double epsilon);
double row_y(const RowNorm *r, real x);
// how far the float y may be off
double row_y_error(const RowNorm *r, real x);
double row_dx_error(const RowNorm *r, real x, real g);  // and the float dx
