// One head of one sequence, as every version of attention in this chapter gets it, and
// what all of them promise. Lecture, section 6.5.
//
//     z_ij = scale q_i . k_j                   scores
//     s_ij = c tanh(z_ij / c) + b_ij           soft-cap c, if there is one; then the position's bias
//     s_ij = -inf                              where the mask hides key j from query i
//     L_i  = ln sum_j e^s_ij                   natural logarithm of the row's sum
//     o_i  = sum_j e^(s_ij - L_i) v_j
//
// Conventions (chapter 2's, which writes S for N): with T queries and N keys the queries
// are the last T positions, so query i is at position i + N - T, and a causal mask lets it
// see keys 0 .. i + N - T. A window counts the query's own position. The mask comes last:
// after the soft-cap, which would make a finite number of -inf. A row that sees nothing
// has o_i = 0 and L_i = -inf.
#pragma once
#include <stdint.h>

#include "ch02_attention/mask.h"
#include "ch02_attention/position.h"
#include "common/numeric/mat.h"

// Of the weights, while training: each becomes 0 with probability `rate`, others grow
// by 1 / (1 - rate). L is that of all of them. (dropout_tile.h)
typedef struct {
    double rate;    // 0: none
    uint64_t seed;  // one a pass
    int sequence;   // b
} FlashDropout;

typedef struct {
    Mat q, k, v;               // T x d, N x d, N x d_v; col_stride 1
    real scale;                // 1 / sqrt(d)
    real softcap;              // c; 0: none
    const Position *position;  // adds to the scores (ALiBi, T5, KERPLE); NULL: nothing
    int number;                // which of the position's heads this is
    Mask mask;                 // of this sequence; {0}: none
    FlashDropout dropout;      // flash2.h and its backward; others have none
} FlashHead;

// How many rows of scores a tile has, and how many columns.
typedef struct {
    int rows, cols;  // B_r queries, B_c keys
} Blocks;

// s (rows x cols, col_stride 1): products q_i . k_j of the queries row .. and the keys
// col .. become finished scores.
void scores_finish(Mat s, const FlashHead *h, int row, int col);
// And slopes (of s's shape; .at NULL: not wanted) = ds_ij / dz_ij = 1 - (tanh)^2, where
// there is a soft-cap.
void scores_finish_with_slopes(Mat s, Mat slopes, const FlashHead *h, int row, int col);
