// Comparing two models: paired intervals, and what looking too often does to them.
// Lecture, section 5.15.
//
//     d_i = a_i - b_i on question i       mean of d +- 1.96 sd / sqrt(n)          one look
//
// Both answer the same questions: what is hard for both cancels. If two models are
// equal, one look at a 95 % interval excludes 0 in one of twenty comparisons. Ten
// looks, with a stop at the first that excludes 0, do in one of five: a random walk has
// passed many places it does not stay at.
//
//     | sum of d | < sd sqrt((n + rho) (ln((n + rho) / rho) + 2 ln(1 / alpha)))     for all n
//
// fails with probability alpha at most however often one looks: the mean over mu, N(0,
// sd^2 / rho), of the likelihood ratio of a drift mu is a martingale of mean 1, and
// passes 1 / alpha with probability alpha at most (Ville). Robbins (1970), "Statistical
// methods related to the law of the iterated logarithm"; Armitage, McPherson, Rowe
// (1969).
#pragma once
#include "common/numeric/mean.h"

// a[i] - b[i].
Mean paired_difference(const double *a, const double *b, int count);

// By how many standard errors of its mean a sum of n may be off: 1.96 for one look at
// 95 %. This one holds at every look. rho: the n at which it is meant to be narrow, by
// and large.
double every_look_errors(double n, double rho, double alpha);

// The chance that two equal models are told apart in one of `looks` equally spaced
// looks, each with a bound of z standard errors: by the density of the sum among those
// that have not stopped, look by look.
double peeking_error(int looks, double z);
// The z for which that is alpha (Pocock).
double peeking_bound(int looks, double alpha);
