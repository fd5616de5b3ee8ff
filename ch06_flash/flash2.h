// FlashAttention-2, forward: the loops of flash1.h exchanged. A block of queries sees
// all keys, its output never leaves fast memory on the way, and is divided once, at the
// end. Lecture, section 6.5.
//
//     for each block i of queries:      Q_i read once                            B_r x d
//         O = 0, m = -inf, l = 0
//         for each block j of keys:     K_j, V_j read                            B_c x d
//             S  = scores of Q_i, K_j                                            B_r x B_c
//             m' = max(m, row maxima of S),   P = e^(S - m'),   f = e^(m - m')
//             l  = f l + row sums of P,       O = f O + P V_j,  m = m'
//         O_i = O / l,   L_i = m + ln l     written once
//
// With dropout O sums the weights that are kept, l all of them.
//
// The factor f is e^(m - m') itself; the paper's algorithm prints its inverse, its text
// and its code have it right. L is all that backward needs beside O.
//
// Dao, "FlashAttention-2" (2023), arXiv:2307.08691, algorithm 1.
#pragma once
#include "ch06_flash/flash_head.h"
#include "ch06_flash/two_level.h"

// out (T x d_v) = ; lse (T x 1) = L.
void flash2(Mat out, Mat lse, const FlashHead *h, Blocks blocks, Memory *m);
// The same for a part of the keys, first .. first + count - 1, as if there were no
// others: what split_k.h puts together.
void flash2_part(Mat out, Mat lse, const FlashHead *h, int first, int count,
                 Blocks blocks, Memory *m);

// Keys in pages: key j is row table[j / page_rows] page_rows + j % page_rows of h->k
// and h->v, which hold all pages. page_rows is a multiple of blocks.cols. The same bits
// as with the keys in one piece. (paged_cache.h)
typedef struct {
    const int *table;
    int page_rows, keys;
} Pages;
void flash2_paged(Mat out, Mat lse, const FlashHead *h, Pages pages, Blocks blocks,
                  Memory *m);
