// Label smoothing: a little of each target is spread over all tokens. Lecture, section
// 4.13.
//
//     q = (1 - eps) one-hot(target) + eps / V
//     loss = - sum_k q_k ln p_k = logsumexp(l) - (1 - eps) l_target - (eps / V) sum_k l_k
//
// Its floor is not the source's entropy. Against a source p the optimum is the smoothed
// p~ = (1 - eps) p + eps / V: training goes down to H(p~), and the loss that is measured
// without smoothing to H(p) + KL(p || p~). Ignored rows contribute nothing.
//
// Szegedy et al. (2015), arXiv:1512.00567, section 7.
#pragma once
#include "ch03_transformer/cross_entropy.h"

// logits (rows x V), targets: rows of them, below V, or negative: IGNORED -> 1 x 1, the
// mean over the counted rows, nats. eps 0: cross_entropy's value and gradient.
Node *smoothed_cross_entropy(Tape *t, Node *logits, const int *targets, double eps);
