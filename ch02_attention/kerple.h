// KERPLE: a learned penalty that grows with the logarithm of the distance. Lecture,
// section 2.9.
//
//     score(i, j) = q_i . k_j / sqrt(d) - r1 ln(1 + r2 |i - j|)        r1, r2 > 0, two numbers per head
//
// Without content a query attends to distance s with weight proportional to
// (1 + r2 s)^-r1: a power law, where ALiBi's is geometric. Near by it is ALiBi with the
// slope r1 r2; far away it hardly changes any more.
//
// What is learned are their logarithms, a1 = ln r1 and a2 = ln r2: any number will do,
// and a step of an optimiser cannot make a rate negative. With the bias b(s) =
// -r1 ln(1 + r2 s) the gradients are
//
//     db/da1 = b(s)                db/da2 = -r1 r2 s / (1 + r2 s)
//
// Chi, Fan, Ramadge, Rudnicky, "KERPLE: kernelized relative positional embedding for
// length extrapolation" (2022), arXiv:2205.09921, the logarithmic variant.
#pragma once
#include "ch02_attention/position.h"

// What is added to a score at a distance, from ln r1 and ln r2.
double kerple_bias(double log_r1, double log_r2, int distance);

// rates: heads x 2, ln r1 and ln r2 of each; the caller's.
Position position_new_kerple(Mat rates);
