// The logistic function and its relatives, without overflow. Lectures, sections 4.29, 5.4.
//
//     sigma(x) = 1 / (1 + e^-x)        ln sigma(x) = -ln(1 + e^-x)        logit(p) = ln(p / (1 - p))
//
// sigma(-x) = 1 - sigma(x), and its slope is sigma(x) sigma(-x). ln sigma(-800) is -800:
// the plain formula would give -infinity there, and its gradient NaN.
#pragma once
#include <math.h>

static inline double logistic(double x) {
    return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}
static inline double log_logistic(double x) {
    return x >= 0 ? -log1p(exp(-x)) : x - log1p(exp(x));
}
static inline double logit(double p) { return log(p) - log1p(-p); }
