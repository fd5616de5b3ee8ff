// Why attention at all: three ways in which n tokens of d numbers can hear of each
// other. Lecture, section 2.1.
//
//                        multiply-adds     steps one after the other    longest way between two tokens
//     self-attention     2 n^2 d           1                            1
//     recurrence         n d^2             n                            n - 1
//     convolution        k n d^2 a layer   1 a layer                    ceil((n - 1) / (k - 1)) layers
//
// (Projections and the recurrence's input product cost n d^2 each in all three and are
// left out.) Nothing here is quoted: each layer really runs, by plain loops, on tokens
// that carry three more numbers along, and every inner loop counts. Causal throughout:
// the convolution's kernel covers a token and the k - 1 before it.
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

// norms[k], k = 0 .. steps: the norm of the gradient of g h_t by h_(t-k), |g| = 1, for
// h_t = phi(W h_(t-1) + x_t) with W = radius times a random orthogonal matrix (d x d),
// so that every eigenvalue and every singular value of W is `radius` in size. Linear
// (phi the identity): exactly radius^k. Else phi = tanh with x ~ N(0, 1): at most that.
void rnn_gradient_norms(double *norms, int steps, int d, double radius, bool linear,
                        Rng *rng);

// norms[k], k = 0 .. T-1: the same by the value k tokens back, through one causal
// attention of random q and k: the weight it gets, |g| = 1.
void attention_gradient_norms(double *norms, int T, int d, Rng *rng);
