// Weights in 8 bits: a row of numbers as small integers and one scale. Lecture, section
// 5.12.
//
//     s_i = max_j |w_ij| / 127        q_ij = round(w_ij / s_i)        w_ij ~ s_i q_ij
//
//     |w_ij - s_i q_ij| <= s_i / 2    so a product's error is at most  s_i / 2  sum_j |x_j|
//
// One byte per number and four per row, where float has four per number. A row of its
// own scale: a single large weight spoils its own row, not the matrix. Rows are
// outputs: give it the transpose of a layer's W.
//
// What is frozen can be kept like this, and what is trained cannot: an update of a
// thousandth of a weight would round to nothing. Dettmers et al., "QLoRA" (2023),
// arXiv:2305.14314, go down to 4 bits in blocks of 64.
#pragma once
#include <stdint.h>

#include "common/numeric/mat.h"

typedef struct {
    int rows, cols;
    int8_t *at;   // rows x cols
    real *scale;  // rows
} Int8;

Int8 int8_of(Mat w);                   // any view; its numbers are finite
void int8_mat(Mat to, const Int8 *q);  // rows x cols: s_i q_ij
size_t int8_bytes(const Int8 *q);      // numbers, and scales at 4 bytes
void int8_free(Int8 *q);
