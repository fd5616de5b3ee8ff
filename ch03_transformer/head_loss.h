// The output matrix and the loss in one operation, as models are trained. Lecture,
// section 3.2.
//
//     l = x W + b                                       rows x V: the largest matrix of a small model
//     loss = - mean over the counted rows of ln p_i(target_i)
//
// The same number as cross_entropy(t, matmul_node(t, x, w, bias), targets) and the same
// gradients, but for rounding; what differs is how often the logits cross the memory.
// Forward already makes them into what backward needs,
//
//     E_ij = e^(l_ij - m_i) - [j = target_i] S_i        m_i = max_j l_ij,  S_i = sum_j e^(l_ij - m_i)
//
// That is dl_ij but for a factor of its row, which goes into the narrow matrices:
//
//     dl = diag(s) E,    s_i = dloss / (counted S_i)
//     dx = diag(s) (E W^T)         dW = (diag(s) x)^T E         db = s^T E
//
// So E takes the place of the logits, exponentials are taken once, and nobody makes a
// gradient of their size. Blocks of columns go through all of it one after the other,
//
//     [ E of columns 0 .. | E of the next | ... ]     each rows x width, small enough for a cache,
//
// so a block's exponentials are taken while it is near, and both products of backward read
// it together. It does not know m_i yet: it takes its own maximum m_ib, and the factor
// e^(m_ib - m_i) goes where s_i goes.
#pragma once
#include "ch03_transformer/tape.h"

// x (rows x in), w (in x V), bias (1 x V or NULL), targets: rows of them, each below V,
// or negative: IGNORED (cross_entropy.h) -> 1 x 1, nats.
Node *linear_cross_entropy(Tape *t, Node *x, Node *w, Node *bias, const int *targets);
