// Positions: how a token's place enters attention. Lecture, sections 2.5 to 2.9.
//
// Attention by itself does not know the order of its tokens. Every encoding here
// changes it at one of three places:
//
//     x ----> + ----> W_Q, W_K ----> turn ----> q k^T ----> + ----> softmax
//             |                       |                     |
//        position_add           position_turn          position_bias
//        sinusoidal, learned    RoPE, xPos             ALiBi, T5, KERPLE
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
// Row t of x, q or k is at position first + t; row i, column j of the scores is the
// query at first_query + i and the key at first_key + j. A KV cache passes any `first`;
// rows of a batch are one call a sequence (mat_rows).
//
// Tables are computed once, in double, for positions 0 .. length-1; a position outside
// is a caller's bug, and so are shapes that do not fit: an assert names them. What is
// added to the scores depends on the distance alone and has no such limit. Parameters
// that may be learned belong to the caller: a Position holds a view of them, and
// gradients are added to a Mat of the same shape.
//
// Adding a kind: a line in POSITION_LIST, and a pair of files that defines position_NAME
// (kerple.[ch] is an example). Models, checkpoints and labs take everything else from
// there.
#pragma once
#include <stdbool.h>

#include "ch02_attention/rope.h"
#include "common/error.h"
#include "common/numeric/mat.h"

#define POSITION_LIST(KIND) \
    KIND(NONE, none) \
    KIND(SINUSOIDAL, sinusoidal) /* added to the input */ \
    KIND(LEARNED, learned)       /* added to the input */ \
    KIND(ROPE, rope)             /* turns q and k */ \
    KIND(XPOS, xpos)             /* turns q and k; shrinks with distance */ \
    KIND(ALIBI, alibi)           /* added to the scores */ \
    KIND(T5, t5)                 /* added to the scores */ \
    KIND(KERPLE, kerple)         /* added to the scores */

#define KIND(NAME, name) POSITION_##NAME,
typedef enum { POSITION_LIST(KIND) POSITION_KINDS } PositionKind;
#undef KIND

// "none", "sinusoidal", ... by kind, then NULL
extern const char *const position_names[];
const char *position_name(PositionKind kind);

// All that a position of any kind may need; each kind reads its own.
typedef struct {
    PositionKind kind;
    int length;             // positions that tables have
    int channels;           // d_model, of what is added to the input
    int heads;              // of what is added to the scores
    Rope rope;              // RoPE; xPos: dim, base, pairing
    int buckets, furthest;  // T5: their number; distances from here on share the last
    bool causal;            // T5: no buckets for keys after their query
} PositionSpec;

typedef struct {
    PositionKind kind;
    PositionSpec spec;  // what it was made from
    // added to the input: the table, length x d_model; to the scores: slopes, buckets ...
    Mat parameters;
    bool owns_parameters;   // fixed ones are its own, learned ones the caller's
    RopeTables query, key;  // turned: length x d/2; the same memory but for xPos
} Position;

// What a kind learns: rows x cols numbers that begin as mean + sd x normal. rows 0:
// nothing.
typedef struct {
    const char *name;  // "buckets"
    int rows, cols;
    double mean, sd;
} PositionParameters;

typedef enum {
    POSITION_NOWHERE,
    POSITION_AT_INPUT,
    POSITION_AT_QUERIES_AND_KEYS,
    POSITION_AT_SCORES
} PositionPlace;

// What a kind is. A NULL: nothing to do.
typedef struct {
    PositionPlace place;
    // whether such a position can be; false: *err says why not
    bool (*check)(const PositionSpec *spec, Error *err);
    PositionParameters (*parameters)(const PositionSpec *spec);
    // makes the tables; and the parameters, if p->parameters.at is NULL
    void (*make)(Position *p);
    // At the scores. values[n] = what is added at distance least + n (query - key), n = 0
    // .. count-1; and grad += the gradient with respect to the parameters, from
    // value_grads, that with respect to the values.
    void (*bias)(const Position *p, int head, double *values, int least, int count);
    void (*bias_backward)(const Position *p, int head, const double *value_grads,
                          int least, int count, Mat grad);
} PositionMethods;

#define KIND(NAME, name) extern const PositionMethods position_##name;
POSITION_LIST(KIND)
#undef KIND

// ---- before there is one

PositionPlace position_place(PositionKind kind);
bool position_check(const PositionSpec *spec, Error *err);
PositionParameters position_parameters(const PositionSpec *spec);

// parameters: the caller's, of position_parameters' shape; (Mat){0}: the kind's fixed
// ones, for a kind that learns nothing or need not (ALiBi).
Position position_new(const PositionSpec *spec, Mat parameters);
void position_free(Position *p);  // everything but the caller's parameters

// Short for position_new.
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

// ---- the three places

// x (T x d_model) += rows first .. first+T-1 of the table.
void position_add(const Position *p, Mat x, int first);
// A learned table: table_grad (length x d_model) += the gradient with respect to x, rows
// first .. ; others: nothing. (The gradient with respect to x itself passes unchanged.)
void position_add_backward(const Position *p, Mat x_grad, int first, Mat table_grad);

// x (T x heads d) in place: each head's part of row t becomes R(first + t) x. is_key
// matters to xPos alone.
void position_turn(const Position *p, Mat x, int heads, int first, bool is_key);
// x_grad in place: the gradient with respect to the turned x becomes that with respect
// to x, R(first + t)^T x_grad.
void position_turn_backward(const Position *p, Mat x_grad, int heads, int first,
                            bool is_key);

// scores (queries x keys) of one head += its bias. A masked score, -INFINITY, stays so.
void position_bias(const Position *p, int head, Mat scores, int first_query,
                   int first_key);
// grad, of the parameters' shape, += the gradient with respect to them. Kinds that are
// not at the scores: nothing, and grad may be empty. (With respect to the scores it
// passes unchanged.) Gradients of masked scores must be 0.
void position_bias_backward(const Position *p, int head, Mat scores_grad,
                            int first_query, int first_key, Mat grad);
