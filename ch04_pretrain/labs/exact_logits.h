// Logits of a known distribution, for the labs of decoding: what a perfect model would
// put out.
#pragma once
#include <math.h>

#include "ch03_transformer/sample.h"

// to: 1 x n, ln p.
static inline void logits_of(Mat to, const double *p) {
    for (int i = 0; i < to.cols; i++) *mat_at(to, 0, i) = (real)log(p[i]);
}

// The entropy of what is left of the candidates, renormalised.
static inline double candidates_entropy(const Candidates *c) {
    double nats = 0;
    for (int i = 0; i < c->count; i++) {
        double q = c->list[i].p / c->total;
        if (q > 0) nats -= q * log(q);
    }
    return nats;
}
