// Attention of one new token to all tokens so far: what a step of generation runs, for
// each key-value head. Lecture, section 2.4.
//
//     s_j = q . k_j        p = softmax(s)        o = p_0 v_0 + p_1 v_1 + ...
//
// There is one row of scores and no block of them, and each key and value is read once
// for two operations. So there is nothing to tile: three loops, straight through memory.
// Heads that share keys and values (a group) go through them together, a stretch that
// stays in the L1 cache at a time.
//
// One thread, no allocation. kv_cache.h calls it for all heads.
#pragma once
#include "ch02_attention/attention_core.h"

// The token is at the end of the keys: head->q is group x d, a row for each of the heads
// number .. number + group - 1, which share k (S x d) and v (S x d_v); rows of q, k and v
// are contiguous (col_stride 1), and so is out (group x d_v). workspace: group x S.
void attend_token(Mat out, const Head *head);
