// Between and beyond the trained positions: what position interpolation can and cannot
// promise. Lecture, section 2.8.
//
// A RoPE score as a function of distance is a(s) = Re sum_j h_j e^(i s theta_j),
// theta_j = b^(-2j/d), j = 0 .. d/2-1. How far is it from the straight line between two
// whole numbers, s1 and s2 = s1 + 1? The error of a straight line is at most
// (s-s1)(s2-s)/2 max|a''|, and |a''| <= max|h| sum_j theta_j^2, a geometric series:
//
//     |a(s) - line(s)| <= (s-s1)(s2-s)/2  max|h|  (1 - b^-2) / (1 - b^(-4/d))
//
// The published theorem (Chen et al. 2023, 2.1) has d max|h| (s-s1)(s2-s) / (8 ln b)
// instead. Its proof bounds the sum with b^x <= 1 + x ln b, but e^y >= 1 + y: the
// inequality goes the other way, and the published bound is false. With h_j = e^(-i
// (s1+1/2) theta_j) every point is at its top halfway:
//
//     a(s1 + 1/2) - line = sum_j (1 - cos(theta_j / 2))        2.5 times the published bound at d = 16
//
// Beyond the trained range there is no bound at all: d functions that fit scores on [0,
// L) can be anything on [L, 2L). Chen et al., "Extending context window of large
// language models via positional interpolation", arXiv:2306.15595.
#pragma once
// Over max|h|, at `fraction` of the way from s1 to s2 = s1 + 1.
double interpolation_bound(double base, int dim, double fraction);
double interpolation_bound_published(double base, int dim, double fraction);
// halfway: sum_j (1 - cos(theta_j / 2))
double interpolation_adversary_deviation(const double *theta, int dim);

// basis (d numbers) = cos(s theta_j), j = 0 .. d/2-1, then sin(s theta_j).
void distance_basis(double *basis, const double *theta, int dim, double s);
double distance_score(const double *coefficients, const double *theta, int dim,
                      double s);
