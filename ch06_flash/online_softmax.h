// Online softmax: the sum of a row's exponentials, from scores that come one after the
// other and are not kept. Lecture, section 6.2.
//
//     (m, l)                m = the largest score so far, l = sum_j e^(s_j - m)
//     one more score s:     m' = max(m, s),  l' = l e^(m - m') + e^(s - m')
//     two parts of a row:   m  = max(m_a, m_b),  l = l_a e^(m_a - m) + l_b e^(m_b - m)
//
// Merging is associative and commutative, and the part that has seen nothing, (-inf,
// 0), changes nothing: a row may be cut anywhere and put together in any order. In real
// numbers the result is exactly the softmax's; L = m + ln l says it in one number.
//
// Milakov and Gimelshein, "Online normalizer calculation for softmax" (2018),
// arXiv:1805.02867, algorithm 3; for attention: Rabe and Staats (2021),
// arXiv:2112.05682.
#pragma once
#include "ch06_flash/flash_head.h"

// What is known of a row after a part of its scores.
typedef struct {
    real max, sum;
} RowPart;

RowPart row_part_empty(void);
RowPart row_part_of(const real *scores, int n);
RowPart row_part_merge(RowPart a, RowPart b);
// e^(part's max - whole's max): what sums made with the part's maximum are multiplied
// by. 0 for an empty part, also in an empty whole.
real row_part_factor(RowPart part, RowPart whole);
real row_part_log(RowPart part);  // L = m + ln l; -inf for an empty one

// Attention with no matrix of scores: each query goes through the keys once, with one
// score, one maximum, one sum and one row of output. out (T x d_v) = ; lse (T x 1): L;
// .at NULL: not wanted. Returns how often a maximum was raised, the first score of a
// row included.
long long online_attention(Mat out, Mat lse, const FlashHead *h);
