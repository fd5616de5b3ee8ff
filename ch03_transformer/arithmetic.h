// Operations number by number, and those that cut and join rows. Lecture, section 3.2.
// a, b, x: rows x cols; the result has the same shape.
//
//     add        y = a + b            da = dy            db = dy
//     subtract   y = a - b            da = dy            db = -dy
//     scale      y = c x              dx = c dy
//     product    y_ij = a_ij b_ij     da = dy b          db = dy a
//     add_bias   y_ij = x_ij + b_j    dx = dy            db = sum of dy's rows
//     mean       y = sum x_ij / n     dx_ij = dy / n     1 x 1; n = rows cols
//     scale_rows y_ij = c_i x_ij      dx_ij = c_i dy_ij  dc_i = sum over j of x_ij dy_ij
//     softmax    y_ij = e^x_ij / sum over j' of e^x_ij'  dx_ij = y_ij (dy_ij - sum over j' of y_ij' dy_ij')
#pragma once
#include "ch03_transformer/tape.h"

Node *add(Tape *t, Node *a, Node *b);
Node *subtract(Tape *t, Node *a, Node *b);
Node *scale(Tape *t, Node *x, double c);
Node *product(Tape *t, Node *a, Node *b);
Node *add_bias(Tape *t, Node *x, Node *bias);  // bias 1 x cols
Node *mean(Tape *t, Node *x);
Node *scale_rows(Tape *t, Node *x, Node *factors);  // factors rows x 1
Node *softmax_rows(Tape *t, Node *x);

Node *slice_rows(Tape *t, Node *x, int first, int count);  // count x cols, a copy
Node *concat_rows(Tape *t, Node *a, Node *b);              // a's rows, then b's
