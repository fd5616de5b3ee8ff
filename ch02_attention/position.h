// Positions: how a token's place enters attention. Lecture, sections 2.5 to 2.9.
//
// Attention by itself does not know the order of its tokens. Every encoding here
// changes it at one of three places:
//
//     x ----> + ----> W_Q, W_K ----> turn ----> q k^T ----> + ----> softmax
//             |                       |                     |
//        position_add           position_turn          position_bias
//        sinusoidal, learned    RoPE, xPos             ALiBi, T5
//
// So a model calls all three, whatever the kind; where a kind has nothing to do, they
// do nothing:
//
//     Position p = position_new_rope((Rope){.dim = d, .base = 10000}, 2048);
//     position_add(&p, x, first);                          x       T x d_model
//     position_turn(&p, q, heads, first, false);           q       T x (heads d)
//     position_turn(&p, k, kv_heads, first, true);         k       T x (kv_heads d)
//     position_bias(&p, h, scores, first_query, first_key);  scores  queries x keys, of head h
//     position_free(&p);
//
// Row t of x, q or k stands at position first + t; row i, column j of the scores is the
// query at first_query + i and the key at first_key + j. A KV cache passes any `first`;
// rows of a batch are one call a sequence (mat_rows).
//
// Tables are computed once, in double, for positions 0 .. length-1; a position outside
// is a caller's bug, and so are shapes that do not fit: an assert names them. ALiBi and
// T5 have no tables of positions, hence no such limit. Parameters that may be learned
// (the table of POSITION_LEARNED, ALiBi's slopes, T5's buckets) belong to the caller: a
// Position holds a view of them, and gradients are added to a Mat of the same shape.
#pragma once
#include <stdbool.h>

#include "ch02_attention/rope.h"
#include "common/numeric/mat.h"

typedef enum {
    POSITION_NONE,
    POSITION_SINUSOIDAL,  // added to the input: sinusoidal.h
    POSITION_LEARNED,     // added to the input: a table like any embedding
    POSITION_ROPE,        // turns q and k: rope.h
    POSITION_XPOS,        // turns q and k, and shrinks with distance: xpos.h
    POSITION_ALIBI,       // added to the scores: alibi.h
    POSITION_T5,          // added to the scores: t5_buckets.h
    POSITION_KINDS
} PositionKind;

typedef struct {
    PositionKind kind;
    // positions 0 .. length-1 have a table row; 0: any position (none, ALiBi, T5)
    int length;
    int dim;                // added: d_model; turned: the head dimension d
    int heads;              // ALiBi, T5
    Mat table;              // added: length x d_model
    RopeTables query, key;  // turned: length x d/2; the same memory but for xPos
    RopePairing pairing;
    Mat slopes;    // ALiBi: 1 x heads
    Mat buckets;   // T5: heads x number of buckets
    int furthest;  // T5: distances from here on share the last bucket
    bool causal;   // T5: no buckets for keys after their query
    bool owns_table, owns_slopes;
} Position;

Position position_new_none(void);
Position position_new_sinusoidal(int d_model, int length);  // d_model even
// length x d_model, the caller's
Position position_new_learned(Mat table);
Position position_new_rope(Rope rope, int length);
Position position_new_xpos(int dim, int length, double base, RopePairing pairing);
// slopes: 1 x heads, the caller's; or an empty Mat, (Mat){0}, for the paper's fixed
// slopes.
Position position_new_alibi(int heads, Mat slopes);
// buckets: heads x number of buckets, the caller's. causal: all buckets look back; else
// half of them look ahead.
Position position_new_t5(Mat buckets, int furthest, bool causal);
void position_free(Position *p);  // everything but the caller's parameters

const char *position_name(PositionKind kind);  // "rope"

// x (T x d_model) += rows first .. first+T-1 of the table.
void position_add(const Position *p, Mat x, int first);
// POSITION_LEARNED: table_grad (length x d_model) += the gradient by x, rows first .. ;
// others: nothing. (The gradient by x itself passes unchanged.)
void position_add_backward(const Position *p, Mat x_grad, int first, Mat table_grad);

// x (T x heads d) in place: each head's part of row t becomes R(first + t) x. is_key
// matters to xPos alone.
void position_turn(const Position *p, Mat x, int heads, int first, bool is_key);
// x_grad in place: the gradient by the turned x becomes the gradient by x, R(first +
// t)^T x_grad.
void position_turn_backward(const Position *p, Mat x_grad, int heads, int first,
                            bool is_key);

// scores (queries x keys) of one head += its bias. A masked score, -INFINITY, stays so.
void position_bias(const Position *p, int head, Mat scores, int first_query,
                   int first_key);
// ALiBi, grad 1 x heads; T5, grad heads x buckets: += the gradient by the parameters.
// Others: nothing, and grad may be empty. (By the scores it passes unchanged.)
// Gradients of masked scores must be 0.
void position_bias_backward(const Position *p, int head, Mat scores_grad,
                            int first_query, int first_key, Mat grad);
