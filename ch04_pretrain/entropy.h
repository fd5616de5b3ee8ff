// Entropy: how uncertain a distribution is, and what a finite sample says of it.
// Lecture, section 4.1.
//
//     H(p) = sum_i p_i ln 1/p_i                      nats; 0 ln 0 = 0
//     KL(p || q) = sum_i p_i ln p_i / q_i            what coding p by q costs beyond H(p)
//     F_n = H(n-block) - H((n-1)-block)              Shannon's n-gram entropies
//
// A sample of N blocks of which K different ones occur underestimates H by about
// (K - 1) / 2N: Miller, "Note on the bias of information estimates" (1955); Madow's
// count K is that of blocks seen.
#pragma once
#include <stddef.h>

double entropy(const double *p, int n);
// p, q: [n], each summing to 1. Infinite where q_i = 0 < p_i.
double divergence(const double *p, const double *q, int n);

// From counts [cells]: the plain estimate, and with the correction.
typedef struct {
    double plain, corrected;
    long long seen, total;  // different blocks seen, blocks in all
} BlockEntropy;

BlockEntropy entropy_of_counts(const long long *counts, size_t cells);
// Of the overlapping blocks of `width` symbols in text[0 .. n-1]; symbols^width cells.
// width 0: entropy 0.
BlockEntropy block_entropy(const int *text, int n, int symbols, int width);

// KT, after Krichevsky and Trofimov (1981): a count and a half. q[b] = (count[b] + 1/2)
// / (total + n/2).
void kt_estimate(double *q, const double *count, int n);
