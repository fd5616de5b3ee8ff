// Principal axes: the directions in which a cloud of points is widest.
//
//     C = mean of (x - x_)^T (x - x_),    C a = v a,    v_1 >= v_2 >= ...
//
// By subspace iteration: the axes are multiplied by C and made orthonormal again, until
// they stay. Golub and Van Loan, "Matrix computations" (2013), section 8.2.
#pragma once

enum { PRINCIPAL_STEPS = 200 };

// x [rows x cols], rows >= 1; 1 <= count <= cols. axes [count x cols]: unit vectors, each
// with its largest number positive; variance [count]; mean [cols].
void principal_axes(double *axes, double *variance, double *mean, const double *x,
                    int rows, int cols, int count);
