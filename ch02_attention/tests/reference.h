// Attention by its definition, in double, with plain loops: what the tests hold the
// fast functions against. It shares no code with them but the encodings themselves
// (position.c has tests of its own).
#pragma once
#include "ch02_attention/multihead.h"
#include "common/numeric/compare.h"
#include "common/numeric/rng.h"

#ifdef REAL_IS_DOUBLE
#define REAL_EPS 0x1p-53
#else
#define REAL_EPS 0x1p-24
#endif

// May query i of T see key j of S, in sequence b?
bool reference_sees(const Mask *mask, int b, int T, int S, int i, int j);
// As attend_heads. weights (B H T x S) may have .at NULL.
void reference_heads(Mat out, Mat weights, Mat q, Mat k, Mat v, const Heads *heads);

Mat random_mat(Rng *rng, int rows, int cols, double sd);
double inner_product(Mat a, Mat b);
