// FlashAttention, first version, forward: no N x N matrix in slow memory. Blocks of
// keys outside, blocks of queries inside. Lecture, section 6.4.
//
//     for each block j of keys:         K_j, V_j read once                      B_c x d
//         for each block i of queries:  Q_i, O_i, m_i, l_i read, the last three written back
//             S  = scores of Q_i, K_j                                           B_r x B_c
//             m~ = row maxima of S,     P~ = e^(S - m~),     l~ = row sums of P~
//             m' = max(m, m~),          l' = e^(m - m') l + e^(m~ - m') l~
//             O_i = (l e^(m - m') O_i + e^(m~ - m') P~ V_j) / l'
//
// O_i is right after every block, for the keys seen so far: that is what the division
// every time is for.
//
// Dao, Fu, Ermon, Rudra and Re, "FlashAttention" (2022), arXiv:2205.14135, algorithm 1.
#pragma once
#include "ch06_flash/flash_head.h"
#include "ch06_flash/two_level.h"

// out (T x d_v) = ; lse (T x 1) = L, made from m and l at the end, where it is wanted
// (.at not NULL).
void flash1(Mat out, Mat lse, const FlashHead *h, Blocks blocks, Memory *m);
