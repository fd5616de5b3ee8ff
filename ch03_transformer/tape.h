// The tape: reverse-mode differentiation. Lecture, section 3.2.
//
// An operation on nodes computes its value at once, and leaves on the tape how to pull
// a gradient back through it:
//
//     y = f(x)      forward:   value of y                                  dL/dx = (dy/dx)^T dL/dy
//                   backward:  pull(y) adds (dy/dx)^T grad(y) to grad(x)
//
//     tape  [ x ] [ norm ] [ q ] [ k ] [ v ] [ attend ] [ out ] [ add ] ... [ loss ]
//              forward  -->                                  <--  backward
//
// tape_backward walks from the loss to the front; every node is then met after all that
// use it. So a block reads as its equation and has no backward of its own:
//
//     h = add(t, x, self_attention(t, a, norm(t, n1, x)));
//
// One step of training:
//
//     Tape *t = tape_new(&params);
//     loss = ...;
//     tape_backward(t, loss);
//     optimiser_step(&o, &params, rate);
//     params_zero_grads(&params);
//     tape_reset(t);
//     tape_free(t);
//
// Memory: values (and what operations save) lie in one arena, until tape_reset; it
// keeps the memory for the next step. Gradients of nodes live only while they are
// needed, in buffers that go round; a parameter's is in its Params. A node is 2-D: rows
// = batch x time, cols = channels. Shapes that do not fit are a caller's bug: an
// assert.
//
// Wengert, "A simple automatic derivative evaluation program" (1964); Linnainmaa
// (1970).
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "ch03_transformer/arena.h"
#include "ch03_transformer/params.h"

typedef struct Tape Tape;
typedef struct Node Node;
typedef struct GradBuffer GradBuffer;

typedef struct {
    const char *name;                   // "layer norm": for tables of time
    void (*pull)(Tape *t, Node *self);  // adds to the gradients of self->from
} Operation;

enum { NODE_MOST_INPUTS = 4 };

struct Node {
    Mat value;  // rows x cols
    // of the loss with respect to the value; .at NULL: none yet, or none any more
    Mat grad;
    const Operation *op;  // NULL: a leaf
    Node *from[NODE_MOST_INPUTS];
    void *saved;         // whatever pull needs beside the values
    bool needs_grad;     // false: nothing below it is trained
    bool keeps_grad;     // set it to look at grad after tape_backward
    GradBuffer *buffer;  // where grad lies; NULL: a parameter's, which is the Params'
    int param;           // its index, if its gradient goes to a GradSink; -1: not so
};

Tape *tape_new(Params *params);  // params may be NULL: then no param()
void tape_free(Tape *t);
void tape_reset(Tape *t);  // all nodes are gone, their memory is ready for others

// Leaves. A parameter's gradient is added to params_grad; used twice (tied weights), it
// gets the sum.
Node *param(Tape *t, int index);
Node *param_transposed(Tape *t, int index);  // the same numbers as cols x rows
// a view: the numbers must stay until tape_reset
Node *constant_node(Tape *t, Mat value);
// the same, and its gradient is there after tape_backward
Node *variable_node(Tape *t, Mat value);

// loss is 1 x 1. Gradients of parameters are added to what is there.
void tape_backward(Tape *t, Node *loss);
// From any node and the gradient with respect to it, rows x cols.
void tape_backward_from(Tape *t, Node *from, Mat grad);

// true: dropout drops. The default is false.
void tape_training(Tape *t, bool training, uint64_t seed);
bool tape_is_training(const Tape *t);
// Stacks keep the input of every so many blocks alone, and compute what is inside again
// in backward (segment.h): less memory, more time, the same bits. 0, the default: all
// is kept.
void tape_recompute(Tape *t, int blocks);
int tape_recomputes(const Tape *t);

// Where parameters' gradients go if not to Params.grads, which may then be NULL. In
// backward each is opened before the first operation adds to it, and closed after the
// last one, or at once if none will.
typedef struct {
    // rows x cols, zeros at first; the same memory until it is closed
    real *(*open)(void *of, int index);
    void (*close)(void *of, int index);
    void *of;
} GradSink;
void tape_grads_to(Tape *t, GradSink sink);  // before the first node; nothing is frozen

// ---- counting

typedef struct {
    // values and what was saved, since tape_reset: exactly, without alignment or nodes
    size_t activation_bytes;
    size_t
        activation_most;  // the most of them at one time: more where some were dropped
    size_t arena_bytes;   // allocated for them
    size_t grad_bytes;    // allocated for gradients of nodes: the most so far
    // 2 x the multiply-adds of matrix products, since tape_reset
    double flops_forward, flops_backward;
    int nodes;
} TapeCounts;
TapeCounts tape_counts(const Tape *t);

typedef struct {
    const char *name;
    long calls;
    double forward, backward;  // seconds
    double flops;              // of its matrix products, both ways
} OperationTime;
// From now on every operation is timed (about 50 ns each). tape_times fills at most
// `most`, returns how many there are.
void tape_profile(Tape *t, bool on);
int tape_times(Tape *t, OperationTime *times, int most);

// ---- for those who write operations

// A new node for op with a value to be filled; its inputs may be NULL.
Node *node_new(Tape *t, const Operation *op, int rows, int cols, Node *a, Node *b,
               Node *c);
// The same for a value that is already somewhere.
Node *node_of(Tape *t, const Operation *op, Mat value, Node *a, Node *b, Node *c);
// zeroed, until tape_reset; not counted as activations: for small structs
void *tape_allocate(Tape *t, size_t bytes);
Mat tape_mat(Tape *t, int rows, int cols);  // counted; not zeroed
// 64 random bits from the seed of tape_training
uint64_t tape_draw(Tape *t);
// to forward or backward, whichever is going on
void tape_count_flops(Tape *t, double flops);

// What was made since the mark, nodes and memory, is gone; its gradients were not kept.
typedef struct {
    size_t nodes, activation_bytes;
    ArenaMark memory;
} TapeMark;
TapeMark tape_mark(const Tape *t);
void tape_release(Tape *t, TapeMark mark);
// In a pull: walks back through what the pull has made since the mark, which may use
// older nodes.
void tape_backward_since(Tape *t, TapeMark mark, Node *from, Mat grad);
// The stream that tape_draw draws from.
Rng tape_rng(const Tape *t);
void tape_set_rng(Tape *t, Rng rng);

static inline bool wants_grad(const Node *n) { return n && n->needs_grad; }
// n's gradient, to be added to: zeros if there was none. Only if n wants one.
Mat grad_add(Tape *t, Node *n);
// n's gradient; *add says whether to add to it, or (there was none yet) to write it.
Mat grad_write(Tape *t, Node *n, bool *add);
// The same for operations that work number by number or row by row, where n has self's
// shape: if nobody needs self's gradient afterwards, n gets its memory, and the result
// may overwrite it (self->grad stays readable until then).
Mat grad_in_place(Tape *t, Node *n, Node *self, bool *add);
// grad(n) += a b; nothing if n does not want it.
void grad_matmul(Tape *t, Node *n, Mat a, Mat b);
// grad(n) += grad(self), both of one shape; the memory is shared until one of them is
// changed.
void grad_share(Tape *t, Node *n, Node *self);
