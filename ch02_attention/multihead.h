// Many heads: the columns of Q, K and V are cut into heads, and each attends by itself.
// Lecture, section 2.4.
//
//                  head 0     head 1     head 2     head 3            d = head_dim columns each
//     q  B T x   [ -------- | -------- | -------- | -------- ]        n_heads = 4
//                      \   /                  \   /
//     k  B S x       [ -------- ]            [ -------- ]             n_kv_heads = 2: two heads share one
//
//     out_h = attention(q_h, k_(h / group), v_(h / group)),           group = n_heads / n_kv_heads
//
// group = 1 is multi-head attention (MHA), n_kv_heads = 1 multi-query (MQA), anything
// between grouped-query attention (GQA): one function. Rows are batch x time: sequence
// b of q is rows b T .. b T + T - 1. T and S may differ: cross-attention.
//
// Vaswani et al. (2017), arXiv:1706.03762, section 3.2.2; Shazeer (2019),
// arXiv:1911.02150; Ainslie et al., "GQA" (2023), arXiv:2305.13245.
//
// Threads share out the pairs (sequence, head), each of which is one attend_head
// (attention_core.h); backward the pairs (sequence, kv head),
// so that the gradient of a shared key is one sum in one order: the bits do not depend
// on the number of threads.
#pragma once
#include "ch02_attention/attention.h"
#include "ch02_attention/attention_core.h"

typedef struct {
    int batch;                // B
    int n_heads, n_kv_heads;  // n_heads is a multiple of n_kv_heads
    real scale;               // attention_scale(head_dim); T5: 1
    Mask mask;                // its key_lengths, prefixes: one a sequence
    // turns q and k, adds to the scores; NULL: none. Keys are at positions 0 .. S-1,
    // queries at the end of them, S-T .. S-1. (Adding to the input is the model's
    // business.)
    const Position *position;
} Heads;

// ---- the core: on projected q, k, v

// out (B T x H d), q (B T x H d), k and v (B S x H_kv d); H = n_heads, H_kv =
// n_kv_heads. weights (B H T x S): rows (b H + h) T .. are head h of sequence b; .at
// NULL: not kept, and no backward. Every Mat has col_stride 1. q, k and v stay as they
// are: turning happens in copies.
void attend_heads(Mat out, Mat weights, Mat q, Mat k, Mat v, const Heads *heads);

// q_grad, k_grad, v_grad += the gradients; position_grad += that with respect to the
// position's parameters, of their shape: each sequence's sum by itself, then one
// sequence after the other. .at NULL: not wanted.
void attend_heads_backward(Mat q_grad, Mat k_grad, Mat v_grad, Mat position_grad,
                           Mat out_grad, Mat weights, Mat q, Mat k, Mat v,
                           const Heads *heads);

// The same for gradients that are not there yet: with add they are added to `to`, without
// it `to` is written.
typedef struct {
    Mat to;
    bool add;
} HeadsGrad;
void attend_heads_backward_to(HeadsGrad q_grad, HeadsGrad k_grad, HeadsGrad v_grad,
                              Mat position_grad, Mat out_grad, Mat weights, Mat q,
                              Mat k, Mat v, const Heads *heads);

// Pieces of it, for others who go through heads (chapter 6).

// Head `head` of sequence b of m (batch time x n_heads d): time x d.
Mat heads_view(Mat m, int b, int head, int batch, int n_heads);
// to = factor from, turned to its position (NULL: none), row 0 at `first`.
void heads_turn_copy(Mat to, real factor, Mat from, const Position *position, int first,
                     bool is_key);
// grad += factor R^T turned_grad. turned_grad is used up.
void heads_turn_back(Mat grad, real factor, Mat turned_grad, const Position *position,
                     int first, bool is_key);

// ---- the layer: projections around the core

// out = attend_heads(x W_Q, c W_K, c W_V) W_O; self-attention has c = x.
typedef struct {
    Mat q, k, v;  // x's columns C x H d; c's columns C_c x H_kv d; C_c x H_kv d
    Mat o;        // H d x C
} Projections;

// zeros
Projections projections_new(int columns, int context_columns, int n_heads,
                            int n_kv_heads, int head_dim);
void projections_free(Projections *p);

// What forward keeps for backward.
typedef struct {
    Mat q, k, v;  // projected, not turned
    Mat weights;  // B H T x S
    Mat mixed;    // B T x H d: the heads side by side, before W_O
} MultiheadSaved;

MultiheadSaved multihead_saved_new(int q_rows, int context_rows, const Projections *w,
                                   const Heads *heads);
void multihead_saved_free(MultiheadSaved *saved);

// out (B T x C), x (B T x C), context (B S x C_c); fills *saved.
void multihead(Mat out, MultiheadSaved *saved, Mat x, Mat context, const Projections *w,
               const Heads *heads);
// x_grad, context_grad (the same Mat as x_grad in self-attention), w_grad's four and
// position_grad += the gradients.
void multihead_backward(Mat x_grad, Mat context_grad, Projections *w_grad,
                        Mat position_grad, Mat out_grad, const MultiheadSaved *saved,
                        Mat x, Mat context, const Projections *w, const Heads *heads);

// From a checkpoint with n_kv heads to one with fewer: each new head's columns are the
// mean of its group's. to: C x to_heads d, from: C x from_heads d (W_K or W_V);
// to_heads divides from_heads. It is the projection that is averaged, once, before
// further training; nothing is pooled at run time. Ainslie et al., sections 2.1, 2.2.
void kv_heads_average(Mat to, int to_heads, Mat from, int from_heads);
// The way back that loses nothing: each head `to_heads / from_heads` times over.
void kv_heads_repeat(Mat to, int to_heads, Mat from, int from_heads);
