// How RoPE's scores fall with distance: the paper's bound, the cosine sum, its closed
// form, its jitter. Section 2.7.
//
// With h_i = q_i conj(k_i), the points of q and k as complex numbers, and n = d/2, a
// score at distance s is Re sum_i h_i e^(i s theta_i). Summing by parts (Abel), with
// S_j = sum_{i<j} e^(i s theta_i) and h_n = 0:
//
//     | sum_i h_i e^(i s theta_i) | = | sum_i (h_i - h_{i+1}) S_{i+1} |
//                                  <= max_i |h_{i+1} - h_i|  sum_i |S_{i+1}|
//
// The last difference is |h_{n-1}| itself: without it the bound is false. What is
// plotted as "the decay of RoPE" is
//
//     bound(s) = (1/n) sum_{j=1..n} |S_j|       at s = 0: (n + 1) / 2
//     C(s)     = (1/n) sum_i cos(s theta_i)     the score of q = k, all points of length 1,
//                                               over n
//
// Neither is monotone. C has a closed form in the mean over an octave [s, 2s): with
// theta = b^-x the sum is nearly the integral of cos(s b^-x) over 0 <= x <= 1, that is
// (Ci(s) - Ci(s/b)) / ln b, and half the first term less 1:
//
//     C(s) ~ 1 - (ln s + gamma) / ln b - 1/d                   8 <= s <= b/8
//
// and what is left of it at one single s does not die:
//
//     C(s+1) - C(s) = -(2/n) sum_i sin(theta_i/2) sin((s + 1/2) theta_i)
//
// has the mean square (2/n^2) sum_i sin^2(theta_i/2) over any long stretch of s.
//
// Su et al., "RoFormer" (2021), arXiv:2104.09864, section 3.4.3. theta: n angles,
// rope_frequencies. All in double.
#pragma once
#include <complex.h>

double rope_cosine_sum(const double *theta, int n, double s);   // C(s)
double rope_decay_bound(const double *theta, int n, double s);  // bound(s)
double rope_closed_form(double base, int dim, double s);        // of C's octave mean
// root mean square of C(s+1) - C(s)
double rope_jitter(const double *theta, int n);

// |sum_i h_i e^(i s theta_i)| and max_i |h_{i+1} - h_i| with h_n = 0. The bound: first
// <= second * n * bound(s).
double rope_score_size(const double complex *h, const double *theta, int n, double s);
double rope_largest_step(const double complex *h, int n);
// The h for which the bound is attained at s: h_i - h_{i+1} = conj(S_{i+1}) /
// |S_{i+1}|.
void rope_bound_adversary(double complex *h, const double *theta, int n, double s);
