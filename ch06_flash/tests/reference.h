// Attention by its definition, in double, one score at a time: what every version is
// held against. It shares with them the position's bias and nothing else.
#pragma once
#include "ch06_flash/flash_head.h"
#include "common/numeric/compare.h"
#include "common/numeric/rng.h"

#ifdef REAL_IS_DOUBLE
#define REAL_EPS 0x1p-53
#else
#define REAL_EPS 0x1p-24
#endif

// May query i see key j? By the words of chapter 2's mask.h.
bool reference_sees(const FlashHead *h, int i, int j);
// out (T x d_v) = ; lse (T x 1) = .
void reference_attention(Mat out, Mat lse, const FlashHead *h);

// q_grad, k_grad, v_grad += those of sum (out_grad o out) + sum (lse_grad o lse).
void reference_backward(Mat q_grad, Mat k_grad, Mat v_grad, Mat out_grad, Mat lse_grad,
                        const FlashHead *h);

Mat random_mat(Rng *rng, int rows, int cols, double sd);

// A head of random numbers, its mask and its position, for every shape, every mask and
// every way to change scores; size: a bound of |scores| that holds for it.
void every_head(void (*check)(const FlashHead *h, Rng *rng));
// How far a version may be from the reference: in an output whose values are at most
// `largest`, and in L.
double reference_tolerance(const FlashHead *h);
