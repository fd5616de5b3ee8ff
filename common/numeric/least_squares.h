// Least squares: the x for which a x is nearest to y, by Householder reflections. (The
// normal equations would square a's condition number: 1e8 becomes 1e16.)
// Golub and Van Loan, "Matrix computations" (2013), section 5.3.
#pragma once
#include <stdbool.h>

// x (cols numbers) = the solution; a: rows x cols, row after row, rows >= cols; y: rows
// numbers. a and y are overwritten. Returns false where a column depends on the others.
bool least_squares(double *x, double *a, double *y, int rows, int cols);
