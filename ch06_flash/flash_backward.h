// Backward without the table: the weights are made again, a tile at a time, from the
// scores and L. Lecture, section 6.6.
//
//     D_i  = sum_c dO_ic O_ic                             once for each row
//     for each block j of keys:                           dK_j, dV_j stay in fast memory
//         for each block i of queries:                    dQ_i comes and goes
//             P  = e^(S - L)                              again; (P o Z) with dropout
//             dV_j += (P o Z)^T dO_i
//             dP = (dO_i V_j^T) o Z
//             dS = P o (dP - D + dL)                      dL: the gradient with respect to L
//             dQ_i += scale dS K_j,   dK_j += scale dS^T Q_i     (dS times the cap's slope)
//
// D is sum_j P_ij dP_ij, with dropout too: both are sum_j P_ij Z_ij dO_i . v_j. The
// factor `scale` is in dQ and in dK. dL is 0 unless somebody uses L, as those who merge
// parts do (split_k.h).
//
// 2 N d + N + 6 N d + T_c (4 N d + 2 N) words, five products of N^2 d: 2.5 x forward.
// One thread; what runs in parallel are heads, so that no sum depends on threads.
//
// Dao et al. (2022), arXiv:2205.14135, algorithm 4; Dao (2023), algorithm 2.
#pragma once
#include "ch06_flash/flash_head.h"
#include "ch06_flash/two_level.h"

typedef struct {
    Mat q, k, v;   // T x d, N x d, N x d_v; col_stride 1
    Mat position;  // with respect to the position's parameters; .at NULL: not wanted
} FlashGrads;

// What forward left, and the gradients that come in.
typedef struct {
    Mat out, lse;            // T x d_v, T x 1
    Mat out_grad, lse_grad;  // the same; lse_grad.at NULL: 0
} FlashOut;

// g's matrices += the gradients.
void flash_backward(FlashGrads g, FlashOut o, const FlashHead *h, Blocks blocks,
                    Memory *m);
