// Best of n: draw n answers, keep the one with the highest score. Lecture, section
// 5.14.
//
//     F(v) = P(score <= v),  F_-(v) = P(score < v)
//     P(the best of n scores v) = F(v)^n - F_-(v)^n              ties: by their probabilities
//     KL(best of n || policy) <= ln n - (n - 1) / n              equal where no score has ties
//
// The same law without replacement, C(m, n) / C(N, n) in place of F^n, says from N
// draws that are there already what the best of any n <= N of them is worth, without
// bias.
//
// Stiennon et al. (2020), arXiv:2009.01325; Beirami et al. (2024), arXiv:2401.01879.
#pragma once

// to[count]: the probability of each answer, of probability p and this score, to be the
// best of n. n >= 1; it need not be whole.
void best_of_law(double *to, const double *p, const double *score, int count, double n);
// to[count]: of `count` draws, the probability of each to be the best of n random ones
// of them. 1 <= n <= count.
void best_of_draws(double *to, const double *score, int count, int n);
// ln n - (n - 1) / n
double best_of_kl(double n);
