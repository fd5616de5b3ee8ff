// DoRA's operations: the columns of a matrix as lengths and directions. Lecture,
// section 5.12.
//
//     W' = m_j V_:j / n_j,   n_j = |V_:j|,   V = W + s A B        m begins as n: W' = W
//
// A layer need not form W': its output is that of V, with column j times m_j / n_j.
//
//     column_norms    n_j  = |V_:j|                   dV_ij = dn_j V_ij / n_j
//     scale_columns   y_ij = u_ij m_j / n_j           du_ij = dy_ij m_j / n_j
//                                                     dm_j  =  sum_i dy_ij u_ij / n_j
//                                                     dn_j  = -dm_j m_j / n_j
//
// A column is what makes one output. Where the gradient passes through n, what reaches
// V_:j is orthogonal to it: only m changes lengths. Liu et al. (2024),
// arXiv:2402.09353, take n for a constant (their section 4.3), which saves memory, and
// then it is not.
#pragma once
#include "ch03_transformer/tape.h"

double column_length(Mat v, int j);  // |V_:j|
// V (in x out) -> 1 x out. No column is zero.
Node *column_norms(Tape *t, Node *v);
// u (rows x out), lengths m and norms n (1 x out each) -> rows x out.
Node *scale_columns(Tape *t, Node *u, Node *m, Node *n);
