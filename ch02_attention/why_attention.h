// Why attention at all: three ways in which N tokens of d numbers can hear of each
// other. Lecture, section 2.1.
//
//                        multiply-adds       steps one after the other    longest way between two tokens
//     self-attention     2 N^2 d             1                            1
//     recurrence         N d^2               N                            N - 1
//     convolution        w N d^2 per layer   1 per layer                  ceil((N - 1) / (w - 1)) layers
//
// (Projections and the recurrence's input product cost N d^2 each in all three and are
// left out.) Nothing here is quoted: each layer really runs, by plain loops, on tokens
// that carry three more numbers along, and every inner loop counts. Causal throughout:
// the convolution's kernel covers a token and the w - 1 before it.
//
// Vaswani et al. (2017), table 1. The gradient through a recurrence: Bengio, Simard,
// Frasconi, "Learning long-term dependencies with gradient descent is difficult"
// (1994); Pascanu et al. (2013), arXiv:1211.5063.
#pragma once
#include <stdbool.h>

#include "common/numeric/rng.h"

typedef struct {
    long long multiply_adds;  // of all layers
    int layers;               // stacked until the last token has heard of the first
    // the longest chain of token updates that wait for one another
    int steps;
    // updates that the first token's news takes to the last token: the least number
    int path;
} LayerCount;

LayerCount count_attention(int n, int d);
LayerCount count_recurrence(int n, int d);
LayerCount count_convolution(int n, int d, int kernel);

// norms[s], s = 0 .. steps: the norm of the gradient of g y_t with respect to y_(t-s),
// |g| = 1, for y_t = phi(W y_(t-1) + x_t) with W = rho times a random orthogonal matrix
// (d x d), so that every eigenvalue and every singular value of W is rho in size. Linear
// (phi the identity): exactly rho^s. Else phi = tanh with x ~ N(0, 1): at most that.
void rnn_gradient_norms(double *norms, int steps, int d, double rho, bool linear,
                        Rng *rng);

// norms[s], s = 0 .. T-1: the same with respect to the value s tokens back,
// through one causal attention of random q and k: the weight it gets, |g| = 1.
void attention_gradient_norms(double *norms, int T, int d, Rng *rng);
