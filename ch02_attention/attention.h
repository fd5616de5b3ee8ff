// Scaled dot-product attention: each query looks at all keys and takes a weighted mean
// of their values. Lecture, sections 2.1 to 2.3.
//
//     S = scale Q K^T + B        scores      T x S; scale is 1 / sqrt(d), B a bias or nothing
//     S_ij = -inf                wherever the mask lets query i not see key j
//     P = softmax(S)             weights     by rows: P_ij = e^S_ij / sum_j' e^S_ij'
//     O = P V                    output      T x d_v
//
// Vaswani et al., "Attention is all you need" (2017), arXiv:1706.03762, section 3.2.1.
//
// Backward, from dO, the gradient of a loss with respect to O (section 2.3):
//
//     dV = P^T dO      dP = dO V^T
//     dS_ij = P_ij (dP_ij - D_i),      D_i = sum_j P_ij dP_ij = sum_c dO_ic O_ic
//     dB = dS          dQ = scale dS K         dK = scale dS^T Q
//
// Here is the formula and nothing else: one head of one sequence, all scores at once.
// Models run attention_core.h, which makes them a block at a time; the tests hold the
// two together.
#pragma once
#include "ch02_attention/mask.h"
#include "common/numeric/mat.h"

real attention_scale(int head_dim);  // 1 / sqrt(head_dim)

// out (T x d_v) and weights (T x S, col_stride 1) = ; q (T x d), k (S x d), v (S x d_v),
// bias (T x S; .at NULL: none). Any views; outputs overlap nothing.
void attention(Mat out, Mat weights, Mat q, Mat k, Mat v, real scale, Mat bias,
               const Mask *mask);

// q_grad, k_grad, v_grad and (if .at is not NULL) bias_grad += the gradients; weights
// as attention left them. (No mask: what it hid has weight 0, hence dS = 0.)
void attention_backward(Mat q_grad, Mat k_grad, Mat v_grad, Mat bias_grad, Mat out_grad,
                        Mat weights, Mat q, Mat k, Mat v, real scale);
