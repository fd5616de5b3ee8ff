// Random distributions.
//
// Dirichlet(a, ..., a): n gamma variables of shape a, divided by their sum. a = 1 is
// uniform over all distributions on n symbols; small a gives a few large shares.
// Gamma variables: Marsaglia and Tsang, "A simple method for generating gamma
// variables" (2000).
#pragma once
#include "common/numeric/rng.h"

double rng_gamma(Rng *rng, double shape);  // shape > 0, scale 1
// p[0 .. n-1], summing to 1.
void rng_dirichlet(Rng *rng, double a, double *p, int n);
