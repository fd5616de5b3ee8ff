// Many heads without tables: what attend_heads (chapter 2, multihead.h) computes, and L
// in the place of the weights. Lecture, section 6.7.
//
// Shared key-value heads, any mask, any position. Backward gives the same bits for any
// number of threads: a thread goes through all query heads that share keys, so a key's
// gradient is one sum in one order. Forward may cut the queries of a head into parts,
// since queries have nothing to do with each other: all threads use the same packed keys.
//
// Beside inputs and outputs forward needs the keys and values of one head (or of several,
// as far as they fit in the L2 caches), (d + d_v) N numbers, and a thread some tiles;
// turned positions add T d per thread and N d for a thread that packs. Backward needs
// about five times (d + d_v) N per thread.
#pragma once
#include "ch02_attention/multihead.h"
#include "ch06_flash/flash_head.h"

typedef struct {
    real softcap;    // 0: none
    double dropout;  // rate; 0: none
    uint64_t seed;   // of the dropout of this pass
} FlashOptions;

// out (B T x H d), q, k, v: as attend_heads. lse (B H T x 1): rows (b H + h) T .. are L
// of head h of sequence b. options NULL: none.
void flash_heads(Mat out, Mat lse, Mat q, Mat k, Mat v, const Heads *heads,
                 const FlashOptions *options);

// q_grad, k_grad, v_grad, position_grad (.at NULL: not wanted) += the gradients; out
// and lse as flash_heads left them, with the same options. lse_grad.at NULL: 0.
typedef struct {
    Mat q, k, v, position;
} FlashHeadsGrads;
typedef struct {
    Mat out, lse, out_grad, lse_grad;
} FlashHeadsOut;
void flash_heads_backward(FlashHeadsGrads grads, FlashHeadsOut o, Mat q, Mat k, Mat v,
                          const Heads *heads, const FlashOptions *options);
