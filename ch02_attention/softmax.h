// Softmax: any numbers become weights that are positive and add up to 1. Lecture,
// sections 2.1 to 2.3.
//
//     p_j = e^(s_j - m) / sum_j' e^(s_j' - m),      m = max s: it cancels, and nothing overflows
//
// A score of -INFINITY gives weight 0; a row of nothing else gives zeros, not 0/0.
// Backward, from dp, the gradient of a loss with respect to p:
//
//     ds_j = p_j (dp_j - D),                        D = sum_j' p_j' dp_j'
#pragma once
#include <stddef.h>

#include "common/numeric/mat.h"

// One row in place: scores become weights. And dp becomes ds.
void softmax(real *row, size_t n);
void softmax_backward(real *dp, const real *p, size_t n);

// The same for every row of a matrix; col_stride 1.
void softmax_mat(Mat scores);
void softmax_mat_backward(Mat dp, Mat p);
