// ALiBi: attention with linear biases. Lecture, section 2.9.
//
//     score(i, j) = q_i . k_j / sqrt(d) - mu |i - j|
//
// and no positions anywhere else.
//
// Slopes mu are fixed: with n heads, n a power of two, head h has 2^(-8h/n), h = 1 .. n.
// Any other n: those of the next lower power of two, then every second slope of the
// next higher one, which fall between the first.
//
//     n = 8     2^-1 2^-2 ... 2^-8            n = 12     2^-1 ... 2^-8, then 2^-0.5 2^-1.5 2^-2.5 2^-3.5
//
// In causal attention -mu (i - j) and +mu j are the same bias: they differ by -mu i, which
// is one number for the whole row, and softmax does not see it (some programs use the
// second form). With no content at all, a query attends to distance s with weight
// proportional to e^(-mu s): a geometric law, mean 1 / (e^mu - 1) in an endless past.
// Press et al., "Train short, test long" (2021), arXiv:2108.12409.
#pragma once
#include "common/numeric/mat.h"

// slopes: 1 x heads.
void alibi_slopes(Mat slopes);
// Without content: the weight of distance s among 0 .. n-1, and the mean distance.
double alibi_weight(double slope, int n, int s);
double alibi_mean_distance(double slope, int n);
