// Homework of chapter 2: six problems that take attention further. README.md says what
// each is about.
//
// You edit hw02.c; `make hw02` grades it. Every function of the chapter may be called.
// No problem needs another. The caller of these functions owns all matrices; a function
// frees what it allocates itself. A Mat may be any view unless something else is said.
// "+=" adds to what is there, "=" replaces it; what is neither stays as it is.
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "ch02_attention/multihead.h"
#include "ch02_attention/softmax.h"
#include "ch02_attention/t5_buckets.h"

// ---- 1. Attention sink (easy, 40 min)

// In place: scores[0 .. n-1] become weights e^scores[j] / (e^sink + sum over all j' of
// e^scores[j']). Returns the weight left for the sink, e^sink / (the same). sink = 0 is
// softmax-one, sink = -INFINITY the chapter's softmax. Scores and sink are -INFINITY or
// any finite numbers. Where all scores and the sink are -INFINITY, all weights are 0,
// the sink's too; where all scores are but the sink is not, the sink's weight is 1.
real sink_softmax(real *scores, size_t n, real sink);
// In place: grad[0 .. n-1], the gradient of a loss with respect to the weights, becomes
// that with respect to the scores. Returns the gradient with respect to `sink`. weights
// and sink_weight are as sink_softmax left them. The loss sees the n weights; it does
// not see the sink's: the value there is 0.
real sink_softmax_backward(real *grad, const real *weights, size_t n, real sink_weight);

// ---- 2. Sliding window, backward (medium, 75 min)

// Query i sees the W = weights.cols keys i, i-1, .., i-W+1, those that exist. Weights
// are kept as a band:
//
//                                         keys 0 1 2 3 4              band  w = 0  1  2
//     weights(i, w) is the weight of           a                            a   0  0
//     key i - w, w = 0 .. W-1; where           c b                          b   c  0
//     there is no such key it is 0             f e d             ->         d   e  f       W = 3
//                                                i h g                      g   h  i
//                                                  l k j                    j   k  l
//
// out (N x d_v) =, weights (N x W) =; q, k (N x d), v (N x d_v). W >= 1, and may be
// larger than N.
void window_attention(Mat out, Mat weights, Mat q, Mat k, Mat v, real scale);
// q_grad, k_grad (N x d), v_grad (N x d_v) += the gradients, from out_grad (N x d_v)
// and the band. In time O(N W (d + d_v)) and with at most O(N (W + d + d_v)) numbers:
// no N x N matrix.
void window_attention_backward(Mat q_grad, Mat k_grad, Mat v_grad, Mat out_grad,
                               Mat weights, Mat q, Mat k, Mat v, real scale);

// ---- 3. Choosing RoPE's base (medium, 45 min)

// All three: theta_i = base^(-2i/dim), i = 0 .. dim/2 - 1, wavelength 2 pi / theta_i;
// base > 1, dim even and at least 4. They return a new base.

// The wavelength of the slowest dimension pair becomes exactly `stretch` > 0 times what
// it is; below 1 it becomes shorter, and the base smaller.
double base_for_stretch(double base, int dim, double stretch);
// The wavelength of the slowest dimension pair becomes exactly `wavelength` > 2 pi.
double base_for_wavelength(int dim, double wavelength);
// A model was trained on `trained` >= 7 positions. The smallest base, not below the old
// one, with which each pair that did *not* complete a turn in training (trained theta_i
// < 2 pi) turns no further in `target` >= trained positions than it did in training:
// target theta'_i <= trained theta_i. No such pair: the old base.
double base_for_context(double base, int dim, int trained, int target);

// ---- 4. From MHA to GQA, with groups of one's choice (medium, 60 min)

// group_of[h] = 0 .. groups-1 is the group of head h = 0 .. n_heads-1; all groups have
// the same size. mha has n_heads key-value heads: q, k, v are C x (n_heads d), o is
// (n_heads d) x C. gqa has `groups` of them: k and v are C x (groups d), the others as
// before; all four of gqa's matrices =. Key-value head g of gqa is the mean of group g.
// The layer must compute, with the chapter's attend_heads, what mha would compute if
// each head's key and value projections were replaced by the means over its group.
// col_stride is 1.
void gqa_convert(Projections *gqa, const Projections *mha, int n_heads, int groups,
                 const int *group_of);

// ---- 5. Relative keys (easy, 45 min)

// A learned vector for each bucket of distances, added to the key:
//
//     score(i, j) = scale q_i . (k_j + table[bucket(i, j)]),    bucket(i, j) = t5_bucket(distance, ...)
//
// distance is that of the query's position to the key's; queries stand at the end of
// the keys, so query i of T has the position i + S - T. scores T x S, q T x d, table
// buckets x d.

// scores += scale q_i . table[bucket(i, j)] for all i and j, causal or not: this
// function masks nothing and skips nothing. A masked score, -INFINITY, stays so.
void relative_scores(Mat scores, Mat q, Mat table, real scale, int furthest,
                     bool causal);
// q_grad (T x d) and table_grad (buckets x d) += the gradients that scores_grad (T x S)
// sends through this addition. Gradients of masked scores are 0.
void relative_scores_backward(Mat q_grad, Mat table_grad, Mat scores_grad, Mat q,
                              Mat table, real scale, int furthest, bool causal);

// ---- 6. Linear attention (medium, 60 min)

// out_i = sum over j of phi(q_i) . phi(k_j) v_j / sum over j of phi(q_i) . phi(k_j)
// with phi(x) = x + 1 for x > 0, e^x otherwise, number by number. No scale.

// All keys: out (T x d_v) =; q (T x d), k (S x d), v (S x d_v). Time O((T + S) d d_v).
void linear_attention(Mat out, Mat q, Mat k, Mat v);

// What a causal query needs to know of all keys up to its own.
typedef struct {
    Mat values;  // d x d_v: the sum over j of phi(k_j) v_j^T
    Mat keys;    // 1 x d: the sum over j of phi(k_j)
} LinearState;

// The next T >= 0 tokens of a sequence: query i sees all keys of earlier calls, and k_0
// .. k_i of this one. The state, which begins with zeros, is brought up to date. out (T
// x d_v) =; q, k (T x d), v (T x d_v). However a sequence is cut into calls, the
// outputs are the same.
void linear_attention_causal(LinearState *state, Mat out, Mat q, Mat k, Mat v);
