// The loss of a retriever: each question against the facts of its whole batch. Lecture,
// section 5.16.
//
//     questions  q_1 .. q_n     facts  d_1 .. d_n      d_i answers q_i
//
//     loss = - 1/n sum over i of ln [ e^(q_i.d_i) / sum over j of e^(q_i.d_j) ]
//
// The facts of the others are the negatives: n - 1 of them for nothing. But where d_j is
// the very fact that answers q_i, it is no negative: such j are left out of the sum. Who
// leaves them in teaches the model that a right answer is wrong. Karpukhin et al., "Dense
// passage retrieval" (2020), arXiv:2004.04906.
#pragma once
#include "ch03_transformer/tape.h"

// y = a b^T: a (n x d), b (m x d) -> n x m.  da = dy b, db = dy^T a
Node *inner_products(Tape *t, Node *a, Node *b);
// questions, facts: n x d each; fact[n]: which fact it is, equal ones by equal numbers.
Node *in_batch_loss(Tape *t, Node *questions, Node *facts, const int *fact);
