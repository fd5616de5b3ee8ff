// Standard attention on a machine with two memories: chapter 2's attention() cut into
// the three passes that it is. Lecture, sections 6.1 and 6.3.
//
//     S = scale Q K^T, finished     reads Q and K, writes N x N words
//     P = softmax(S)                reads N x N words, writes N x N
//     O = P V                       reads N x N words and V, writes O
//
// With matrices that are each read once, as the paper counts, that is 4 N d + 4 N^2
// words. That needs room for all of Q (blocks.rows = N). With less, K and V are read
// once for each block of rows (traffic.h).
#pragma once
#include "ch06_flash/flash_head.h"
#include "ch06_flash/two_level.h"

// out (T x d_v) = ; lse (T x 1) = L; .at NULL: not wanted (and its T words not
// written).
void standard_attention(Mat out, Mat lse, const FlashHead *h, Blocks blocks, Memory *m);
