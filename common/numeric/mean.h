// The mean of a sample and its standard error; that of a share.
//
//     mean = sum x / n,     error = sqrt((sum x^2 / n - mean^2) / (n - 1))
//
// The error is that of independent x: a claim about a mean is held to five of them.
#pragma once
#include <math.h>

typedef struct {
    double count, sum, squares;
} Mean;

static inline void mean_add(Mean *m, double x) {
    m->count++, m->sum += x, m->squares += x * x;
}
// Of two samples together.
static inline void mean_join(Mean *m, Mean other) {
    m->count += other.count, m->sum += other.sum, m->squares += other.squares;
}
static inline double mean_of(Mean m) { return m.sum / m.count; }
static inline double mean_error(Mean m) {
    double mean = mean_of(m), variance = m.squares / m.count - mean * mean;
    return sqrt(fmax(variance, 0) / (m.count - 1));
}
// The standard error of a share of n draws, each a success with chance p.
static inline double binomial_error(double p, double n) {
    return sqrt(p * (1 - p) / n);
}
