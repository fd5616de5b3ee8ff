// Attention on the tape: chapter 2's attend_heads as an operation, and the layer around
// it. Lecture, section 3.4.
//
//     q = x W_Q,  k = c W_K,  v = c W_V      c = x: self-attention; c = the encoder's output: cross-attention
//     y = attend(q, k, v) W_O
//
// Any mask, any position scheme, any number of key-value heads (chapter 2,
// multihead.h). The weights of all heads are kept for backward, rows x heads x S
// numbers: an AttendFunction of another chapter may do without.
#pragma once
#include "ch02_attention/multihead.h"
#include "ch03_transformer/linear.h"

// q (B T x H d), k and v (B S x H_kv d) -> B T x H d. position_param: the node of
// what the position learns (T5's buckets), or NULL. *heads is copied; what
// it points to (mask tables, position) must stay until tape_reset.
typedef Node *AttendFunction(Tape *t, Node *q, Node *k, Node *v, Node *position_param,
                             const Heads *heads);

AttendFunction attend;

// The weights of one head of one sequence as attend left them (T x S), zeros where the
// mask hides. to: T x S.
void attend_map(Mat to, const Node *attended, int sequence, int head);
// 2 x the multiply-adds of one matrix product over all pairs that are seen (forward: 2
// such, backward: 4).
double attend_flops(const Heads *heads, int queries, int keys, int channels);

// What one forward pass of a stack knows beside x.
typedef struct {
    int batch;
    Mask mask;                 // of self-attention
    const Position *position;  // NULL: none
    Node *position_param;      // NULL: nothing to learn
    // the encoder's output, B S x C; NULL: no cross-attention
    Node *memory;
    Mask memory_mask;
} Surroundings;

typedef struct {
    Linear query, key, value, out;
    int n_heads, n_kv_heads;
    double scale;            // 1 / sqrt(head_dim); T5: 1
    AttendFunction *attend;  // attend, unless someone knows a better one
} AttentionLayer;

typedef struct {
    int channels, memory_channels, n_heads, n_kv_heads, head_dim;
    double scale;  // 0: 1 / sqrt(head_dim)
    bool bias, out_bias;
    Init init_qk, init_v, init_out;
} AttentionShape;

// Parameters NAME.query.weight (channels x n_heads d), NAME.key.weight,
// NAME.value.weight (memory_channels x n_kv_heads d), NAME.out.weight, and biases.
AttentionLayer attention_layer_new(Params *p, const AttentionShape *shape,
                                   const char *name);
Node *self_attention(Tape *t, const AttentionLayer *a, Node *x, const Surroundings *s);
Node *cross_attention(Tape *t, const AttentionLayer *a, Node *x, const Surroundings *s);
