// flash2.h and flash_backward.h as fast as the machine allows: the same steps for tiles
// of registers. Lecture, section 6.7.
//
//     forward, for TILE_COLS queries:                 backward, for the same
//         for each block of keys that one sees            for each block of keys that one sees
//             S^T = K Q^T                                     P^T = e^(K Q^T - L),  dP^T = V dO^T
//             m, l, P^T lane by lane                          dS^T = P^T o (dP^T - D)
//             O^T = f O^T + V^T P^T                           dV += P^T dO,  dK += dS^T Q
//         O = O^T / l                                         dQ^T += K^T dS^T
//
// Keys come in blocks of TILE_KEYS, cut at the same places for all queries: the bits do
// not depend on caches, threads, or how many queries there are. Several tiles of
// queries use a block of keys while it is in the L2 cache.
#pragma once
#include "ch06_flash/flash_backward.h"
#include "ch06_flash/flash_keys.h"

// Where a thread's tiles are while it works: some tiles of queries, transposed, what is
// summed for them, and one tile of scores. Any head of the same shape can use it.
typedef struct FlashWork FlashWork;
FlashWork *flash_work_new(const FlashKeys *keys);
void flash_work_free(FlashWork *w);
size_t flash_work_bytes(int d, int d_v);  // of its matrices

// out (T x d_v) and lse (T x 1) = for the queries first .. first + count - 1 of h
// (first a multiple of TILE_COLS); others stay. Dropout as in flash2.
void flash_fast(Mat out, Mat lse, const FlashHead *h, const FlashKeys *keys,
                FlashWork *w, int first, int count);

// g.q, g.position += ; k_grad and v_grad (as keys->k_rows, v_rows) += . keys: made for
// backward. g.k and g.v are not used: several heads may share keys.
void flash_fast_backward(FlashGrads g, Mat k_grad, Mat v_grad, FlashOut o,
                         const FlashHead *h, const FlashKeys *keys);

// Whole heads, keys packed and unpacked here: as flash2 and flash_backward.
void flash_fast_head(Mat out, Mat lse, const FlashHead *h);
void flash_fast_head_backward(FlashGrads g, FlashOut o, const FlashHead *h);
