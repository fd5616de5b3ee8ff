// A stack of blocks in the setting in which depth can be computed, and its mean field.
// Lecture, sections 3.5 to 3.7.
//
//     x_0 of n tokens and d channels, entries N(0, 1); every matrix d x d with entries
//     N(0, 1/d), ReLU, no biases, one head, W_Q = W_K = 0: every token attends to all n
//     tokens alike (Xiong et al., 2020, arXiv:2002.04745, section 3)
//
// The blocks are the chapter's own. Mean field: for wide d all tokens have the same
// square q = E|x_i|^2 / d, all pairs the same product c = E x_i.x_j / d, and everything
// depends on these and the cosine r = c / q. A sublayer that reads normalised tokens
// (square 1, product r) adds
//
//     attention       to q and c:  a(r) = 1/n + (1 - 1/n) r       the mean of n tokens, the same for all
//     feed-forward    to q:  1/2,  to c:  k(r) = E relu(u) relu(v),    u, v ~ N(0, 1) of correlation r
//     k(r) = (sqrt(1 - r^2) + r (pi - arccos r)) / (2 pi),
//                                                       k'(r) = P(u > 0 and v > 0) = 1/2 - arccos(r) / (2 pi)
//
// k: Cho, Saul, "Kernel methods for deep learning" (2009). Terms of relative order 1/d
// are left out.
#pragma once
#include "ch03_transformer/block.h"

typedef struct {
    int tokens, channels, layers;
    int classes;  // of the readout after the stack; 0: none
    NormPlace place;
    double alpha;  // DeepNorm's
    // of W_V and the first feed-forward matrix (DeepNorm's beta); 0: 1
    double value_gain;
    double out_gain;  // of W_O and the second (beta; GPT-2's 1 / sqrt(2 L)); 0: 1
} StackShape;

typedef struct {
    StackShape shape;
    Params params;
    Block *blocks;
    Norm final_norm;  // Pre-LN's
    int readout;      // channels x classes
} TheoryStack;

// with values, without gradients
TheoryStack theory_stack_new(const StackShape *shape, const Rng *rng);
void theory_stack_free(TheoryStack *s);
// x (tokens x channels) through all blocks; states, unless NULL: layers + 1 of them,
// from x on.
Node *theory_forward(Tape *t, const TheoryStack *s, Node *x, Node **states);
// The same weights in blocks of another kind. The final norm is there only if the stack
// was made with PLACE_PRE.
void theory_place(TheoryStack *s, NormPlace place);
// Cross-entropy of a random class at token 0 alone.
Node *theory_loss(Tape *t, const TheoryStack *s, Node *x, Rng *rng);

double sum_of_squares(Mat m);

// ---- mean field

typedef struct {
    double square, product;  // q, c
} Moments;

double relu_product(double r);             // k
double both_positive(double r);            // k'
double mean_square(double r, int tokens);  // a
// Pre-LN: moments[0 .. 2 layers], after every sublayer, from q = 1, c = 0. A sublayer's
// output has its variance times `weight`: 1, or GPT-2's 1 / (2 L).
void pre_ln_moments(Moments *moments, int layers, int tokens, double weight);

// Pre-LN backward, from a loss at one token with |dL/d(normed x_L)| = 1: squares[l] =
// E|dL/dW|^2 / d of the last feed-forward matrix of block l, 1 .. layers. With T =
// sum_i |dx_i|^2 and S = |sum_i dx_i|^2, from T = S = 1 / q_L down,
//
//     dL/dW = sum_i relu_i dx_i^T:   squares = T / 2 + k(r) (S - T)
//     feed-forward    T += T / 2q,    S - T += k'(r) (S - T) / q
//     attention       T += S / (n q), S += S / q
void pre_ln_gradients(double *squares, const Moments *moments, int layers, int tokens);

// ---- statistics

typedef struct {
    double mean, error;  // of the mean: its standard error, from the scatter
} Average;
Average average(const double *x, int n, int step);  // x[0], x[step], ...
