// xPos: RoPE whose scores also shrink with distance. Lecture, section 2.9.
//
//     q'_i = zeta_i^(n/512) R(n) q_i,    k'_i = zeta_i^(-m/512) R(m) k_i,    zeta_i = (2i/d + 0.4) / 1.4
//
// so that point i of a score at distance s = n - m >= 0 counts zeta_i^(s/512): the fast
// angles, whose zeta is small, fade first, and with them what is left of jitter at long
// distances. For causal attention only: a key ahead of its query (s < 0) would be
// *enlarged*.
//
// zeta^(-m/512) alone overflows; positions are therefore counted from the middle of the
// table, which changes no score. In float a table reaches about 70,000 positions.
// Sun et al., "A length-extrapolatable transformer" (2022), arXiv:2212.10554.
#pragma once
#include "ch02_attention/rope.h"

#define XPOS_SCALE 512.0

double xpos_zeta(int dim, int i);
// C_x(s) = (2/d) sum_i zeta_i^(s/512) cos(s theta_i): the score of q = k with points of
// length 1, over d/2.
double xpos_cosine_sum(const double *theta, int dim, double s);
