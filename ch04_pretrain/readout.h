// A linear read-out: what can be had from a vector by one matrix. Lecture, section 4.26.
//
//     y^ = x W + c        W, c: least |x W + c - y|^2 + ridge |W|^2 over the rows fitted
//
//     R^2 = 1 - sum |y - y^|^2 / sum |y - mean of y|^2
//
// R^2 is 1 for what is read exactly, 0 for a read-out that says the mean to everything, and
// below 0 for one that is worse. Only rows that were not fitted tell: with as many inputs
// as rows anything can be "read" from noise. Alain, Bengio, "Understanding intermediate
// layers using linear classifier probes" (2016), arXiv:1610.01644.
#pragma once
#include <stdbool.h>

#include "common/numeric/mat.h"

typedef struct {
    int inputs, outputs;
    double *weight;  // [(inputs + 1) x outputs], the last row is c
} Readout;

// x: rows x inputs; y [rows x outputs]; rows > inputs, ridge >= 0. False where, without a
// ridge, a column of x depends on the others.
bool readout_fit(Readout *r, Mat x, const double *y, int outputs, double ridge);
void readout_free(Readout *r);
// y [rows x outputs] = x W + c
void readout_apply(const Readout *r, Mat x, double *y);

double r_squared(const double *y, const double *predicted, int rows, int outputs);
