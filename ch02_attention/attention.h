// Scaled dot-product attention: each query looks at all keys and takes a weighted mean
// of their values. Lecture, sections 2.1 to 2.3.
//
//     S = scale Q K^T + B        scores      T x S; scale is 1 / sqrt(d), B a bias (ALiBi, T5) or nothing
//     S_ij = -inf                wherever the mask lets query i not see key j
//     P = softmax(S)             weights     row by row: P_ij = e^S_ij / sum_j' e^S_ij'
//     O = P V                    output      T x d_v
//
// Vaswani et al., "Attention is all you need" (2017), arXiv:1706.03762, section 3.2.1.
//
// Backward, from dO, the gradient of a loss by O (section 2.3):
//
//     dV = P^T dO      dP = dO V^T      dS_ij = P_ij (dP_ij - D_i),  D_i = sum_j P_ij dP_ij = sum_c dO_ic O_ic
//     dB = dS          dQ = scale dS K                 dK = scale dS^T Q
//
// Scores are made a block of rows at a time, small enough to stay in the L2 cache. Of a
// causal block only the keys that its last row sees are touched:
//
//                      keys
//            +----------------------+
//            | +                    |
//            |   +                  |
//    queries |=====+ - +            |   - +        one block:
//            |=======+ |            |     | rows      = what is computed
//            |=========+            |   - +             and masked again, up to the block's last column
//            |           +          |
//            +----------------------+
//            |<------->| cols
//
// Here: one head of one sequence, one thread. multihead.h has all heads of a batch.
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "common/numeric/mat.h"

// Which keys a query may see; all conditions must hold, and {0} lets it see every one.
// The queries stand at the end of the keys: query i of T has the position i + S - T.
// (With T = S: i. With a cache of S - 1 keys and one new token: S - 1.) A query that
// sees no key at all gets a row of zeros.
typedef struct {
    bool causal;  // only keys j <= its position
    // only keys less than this far away (1: itself alone); 0: any
    int window;
    // padding: only keys j < key_lengths[sequence]; NULL: all
    const int *key_lengths;
    // T x S bytes, row after row: only keys with a 1; NULL: all
    const unsigned char *allowed;
    // bytes from one sequence's table to the next; 0: all have the same
    size_t allowed_step;
} Mask;

bool mask_sees(const Mask *mask, int queries, int keys, int query, int key);
// how many keys the query sees
int mask_count(const Mask *mask, int queries, int keys, int query);
// The mask of sequence number `sequence` of a batch.
Mask mask_of_sequence(const Mask *mask, int sequence);

real attention_scale(int head_dim);  // 1 / sqrt(head_dim)

// out (T x d_v), weights (T x S), q (T x d), k (S x d), v (S x d_v), bias (T x S).
// weights.at NULL: not kept, and no backward. bias.at NULL: none. These two have
// col_stride 1. Weights of masked keys are 0; but stretches that no row of a block sees
// are not written: begin with zeros to look at them. Everything else may be any view;
// outputs overlap nothing.
void attention(Mat out, Mat weights, Mat q, Mat k, Mat v, real scale, Mat bias,
               const Mask *mask);

// q_grad, k_grad, v_grad and (if .at is not NULL) bias_grad += the gradients; weights
// as attention left them.
void attention_backward(Mat q_grad, Mat k_grad, Mat v_grad, Mat bias_grad, Mat out_grad,
                        Mat weights, Mat q, Mat k, Mat v, real scale, const Mask *mask);

// ---- what they are made of, for multihead.c, kv_cache.c and labs

// The softmax of one row in place; all -INFINITY gives zeros. And dp := dS = P (dP -
// D).
void softmax(real *row, size_t n);
void softmax_backward(real *dp, const real *p, size_t n);

// Rows row .. row + rows - 1 of a queries x keys table, cut to the columns that at
// least one of them sees.
typedef struct {
    int queries, keys;
    int row, rows, col, cols;
} ScoreBlock;

// as many as fit the cache, at least one of matmul's tiles
int score_block_rows(int keys);
ScoreBlock score_block(const Mask *mask, int queries, int keys, int row, int rows);
Mat block_of(Mat table, ScoreBlock b);  // the view of it in a queries x keys matrix

// A block of scores becomes weights: mask, then softmax. And dp := dS, for all its
// rows.
void attention_weights(Mat scores, const Mask *mask, ScoreBlock b);
void attention_weights_backward(Mat dp, Mat p);
