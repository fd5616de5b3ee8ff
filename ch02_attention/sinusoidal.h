// Sinusoidal positions: a fixed vector for each position, added to the input. Lecture,
// section 2.5.
//
//     PE[p][2i] = sin(p w_i),   PE[p][2i+1] = cos(p w_i),   w_i = 10000^(-2i/d),   i = 0 .. d/2-1
//
// 2i and 2i+1 count the *dimensions* of one vector, not even and odd tokens. Three
// facts:
//
//     |PE_p|^2 = d/2                        sin^2 + cos^2, d/2 times
//     <PE_p, PE_q> = sum_i cos(w_i (p-q))   a kernel of the distance, and even: it does
//                                           not know before from after
//     PE_{p+k} = R_k PE_p                   R_k turns each pair by -k w_i: a shift is
//                                           linear, the same for all p
//
// W_Q and W_K act between them and the scores: <W_Q PE_p, W_K PE_q> is not a function
// of p - q any more. Vaswani et al., "Attention is all you need" (2017),
// arXiv:1706.03762, section 3.5.
#pragma once
#include "common/numeric/mat.h"

#define SINUSOIDAL_BASE 10000.0

// table (positions x d_model, d_model even): row p = PE_p, p = 0 .. rows-1. Computed in
// double.
void sinusoidal_table(Mat table);
// out (d_model numbers) = R_k pe: the vector k positions further on, for any k, also
// negative.
void sinusoidal_shift(double *out, const double *pe, int d_model, int k);
