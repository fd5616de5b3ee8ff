// One new query per head against a cache of many keys, at the speed of memory: split_k.h
// with a kernel made for it. Lecture, section 6.8.
//
//     cache: N x H_kv d, a row per token        a thread's part: SPLIT_KEYS rows, in blocks
//       [ head 0 | head 1 | ... ]  -            for each block, for each key-value head:
//       [        |        |     ]  | a block        all queries that share it see it,
//       [        |        |     ]  -                while it is in the cache
//
// Each key and value comes from memory once, whatever the number of query heads that
// share it. Parts are cut at the same places for any number of threads: the same bits.
#pragma once
#include "ch06_flash/flash_head.h"

enum { SPLIT_KEYS = 1024 };  // keys of a part: two megabytes with 4 heads of 64

// out (1 x H d) and lse (H x 1) = attention of q (1 x H d) with all rows of k and v (N x
// H_kv d); H is a multiple of kv_heads. N = 0: zeros and -inf.
void split_decode(Mat out, Mat lse, Mat q, Mat k, Mat v, int heads, int kv_heads,
                  real scale);
