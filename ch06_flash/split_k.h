// Split-K, or Flash-Decoding: the keys of one query are shared out, each part is
// attended to by itself, and the results are put together by their L. Lecture, section
// 6.8.
//
//     part s:   O_s, L_s, over its own keys
//     whole:    L = ln sum_s e^L_s,      O = sum_s w_s O_s,      w_s = e^(L_s - L)
//
// Parts may be cut anywhere and merged in any order. Backward, from dO and dL:
//
//     dO_s = w_s dO,       dL_s = w_s (dO . (O_s - O) + dL)
//
// Dao, Haziza, Massa and Sizov, "Flash-Decoding for long-context inference" (2023).
#pragma once
#include "ch06_flash/flash_head.h"

// out (T x d_v) and lse (T x 1) become those of both parts; a part that has seen
// nothing changes no bit.
void split_merge(Mat out, Mat lse, Mat part_out, Mat part_lse);

// part_out_grad and part_lse_grad = dO_s and dL_s, from the whole's and the part's own.
typedef struct {
    Mat out, lse, out_grad, lse_grad;  // lse_grad.at NULL: 0
} SplitWhole;
void split_merge_backward(Mat part_out_grad, Mat part_lse_grad, SplitWhole whole,
                          Mat part_out, Mat part_lse);

// How many keys each of `parts` parts has, rounded up; the last may have fewer.
int split_size(int keys, int parts);
// out, lse = attention with the keys in that many parts, each on a thread of its own
// where there are threads; merged in order, so the bits depend on `parts` alone.
void split_attention(Mat out, Mat lse, const FlashHead *h, int parts);
