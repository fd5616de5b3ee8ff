// Attention as models run it: the formula of attention.h for one head of one sequence,
// a block of scores at a time. Lecture, section 2.4.
//
// A block of queries is small enough for its scores to stay in the L2 cache between their
// making and their use. What is masked is not multiplied, but for the edges of strips:
// scores are made for a strip of keys at a time, from the first query that sees one of
// them, and weights are used by a strip of queries at a time, up to the last key that one
// of them sees.
//
//                keys                                keys
//            +---+---+---+---+                   +---------------+
//            |\##|   |   |   |                   |#\##           |  strip of queries
//            |##\|   |   |   |                   |###\           |
//    queries |###|\##|   |   |           queries |#####\##       |
//            |###|##\|   |   |                   |#######\       |
//            |###|###|\##|   |                   |#########\##   |
//            |###|###|##\|   |                   |###########\   |
//            +---+---+---+---+                   +---------------+
//             strips of keys:                     P V  and  dS K
//             Q K^T, dO V^T, P^T dO, dS^T Q
//
// For a single new token against a cache there is one row of scores and no block:
// attend_token.h.
//
// One thread. multihead.h calls it for all heads of a batch, kv_cache.h for new tokens.
#pragma once
#include "ch02_attention/mask.h"
#include "ch02_attention/position.h"

// One head of one sequence: what attention needs beside `out`.
typedef struct {
    Mat q, k, v;       // T x d, S x d, S x d_v; q times the scale, q and k turned
    Mat weights;       // T x S, col_stride 1: kept for backward; .at NULL: not kept
    Mat workspace;     // attend_workspace(T, S): scores, where weights are not kept
    const Mask *mask;  // of this sequence
    const Position *position;  // adds to the scores; NULL: nothing
    int number;                // which of the position's heads this is
} Head;

// Room for scores of T queries and S keys; the caller frees it.
Mat attend_workspace(int queries, int keys);

// out (T x d_v) = . Weights of masked keys are 0; but stretches that no strip
// needs are not written: begin with zeros to look at them.
void attend_head(Mat out, const Head *head);

// From out_grad (T x d_v): g's matrices += the gradients. head->weights as attend_head
// left them; the workspace is used. q and k as in the head: turned, q with the scale.
typedef struct {
    Mat q, k, v;
    Mat position;  // the position's parameters; .at NULL: not wanted
} HeadGrads;
void attend_head_backward(HeadGrads g, Mat out_grad, const Head *head);

// Rows row .. row + rows - 1 of a queries x keys table, cut to the columns that at
// least one of them sees.
typedef struct {
    int queries, keys;
    int row, rows, col, cols;
} ScoreBlock;
ScoreBlock score_block(const Mask *mask, int queries, int keys, int row, int rows);
