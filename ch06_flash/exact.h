// Attention by its definition, in double, one score at a time, kept by nobody: what
// versions are measured against, in labs and by `check`. The tests have a reference of
// their own.
#pragma once
#include "ch06_flash/flash_head.h"

// out (T x d_v numbers, row after row) and lse (T) = .
void exact_attention(double *out, double *lse, const FlashHead *h);

// q_grad (d) = the gradient of out_grad (1 x d_v) . out with respect to the query of h,
// which has one.
void exact_query_grad(double *q_grad, const FlashHead *h, Mat out_grad);
