// Batch norm: the contrast. Each channel is normalised over the rows of the batch, so
// samples see one another, and what a sample becomes depends on its company. Lecture,
// section 3.3.
//
//     y_ij = (x_ij - mean_j) / s_j,  s_j^2 = var_j + epsilon
//                                                               mean and var over the rows i, var with 1/rows
//     out = gain y + bias            dx = (g - mean(g) - y mean(y g)) / s,  means over the rows
//
// Ioffe, Szegedy (2015), arXiv:1502.03167. Training statistics only; a model would keep
// running means for use.
#pragma once
#include "ch03_transformer/tape.h"

// x (rows x d), gain and bias (1 x d; each may be NULL).
Node *batch_norm(Tape *t, Node *x, Node *gain, Node *bias, double epsilon);
