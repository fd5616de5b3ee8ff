// A linear layer in pieces, each of which one process could hold. Lecture, section 4.23.
//
//     by columns   W = [W_1 W_2]            x W = [x W_1, x W_2]         no sum: pieces side by side
//     by rows      W = [W_1; W_2]           x W = x_1 W_1 + x_2 W_2      one sum over the pieces
//
// After a split by columns each process has some of the outputs, whole: an activation
// function can be applied to them. They are the inputs that a split by rows wants. So
//
//     f(x A) B = sum over k of  f(x A_k) B_k       A by columns, B by rows
//
// takes one sum per two layers (Shoeybi et al., 2019, arXiv:1909.08053: Megatron). A split
// by rows first would need its sum before f: f(a + b) is not f(a) + f(b).
#pragma once
#include "common/numeric/mat.h"

// y (rows x n) = x (rows x m) w (m x n), in `pieces` pieces.
void linear_by_columns(Mat y, Mat x, Mat w, int pieces);
void linear_by_rows(Mat y, Mat x, Mat w, int pieces);
// y (rows x n) = f(x a) b, a (m x h) by columns, b (h x n) by rows; f works in place.
void feed_forward_split(Mat y, Mat x, Mat a, Mat b, void (*f)(Mat), int pieces);
