// Gradients of the tape against central differences, for the tests of this chapter.
#pragma once
#include "ch03_transformer/tape.h"

// Builds a loss (1 x 1) from parameters on an empty tape; the same one on every call.
typedef Node *BuildLoss(Tape *t, void *context);

// The largest |tape - differences| / max(|tape|, largest gradient / 1000) over all
// numbers of all parameters, or `most` of each parameter, drawn at random. Fourth-order
// differences, five points. Only worth something in double.
double gradient_error(Params *p, BuildLoss *build, void *context, int most);
// The bound that gradient_error must keep: 1e-7 in double; float says nothing but that
// all is finite.
double gradient_tolerance(void);

// mean(y * r) with fixed random r of y's shape: a loss that no gradient of y escapes.
Node *random_loss(Tape *t, Node *y);

Mat random_mat(Rng *rng, int rows, int cols, double sd);
double largest_difference(Mat a, Mat b);
