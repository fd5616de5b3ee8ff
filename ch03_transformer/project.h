// A layer's product in generation. Lecture, section 3.12.
//
//     y = x W^T + b,  or  y += x W^T + b        x  rows x in,  W  out x in,  b  1 x out (.at NULL: none)
//
// Many rows (a prompt) are a product of matrices (matmul). One row (each new token)
// reads every weight once and uses it for two operations: there only the reading counts
// (matvec). A few rows (a token for each of several texts) are in between (matmul_few);
// it takes weights as a trained model has them, in x out, of which W is the transposed
// view. Weights that were packed are best for any number of rows.
#pragma once
#include <stdbool.h>

#include "common/numeric/mat.h"
#include "common/numeric/matmul_packed.h"

// panels: W^T, packed, or .at NULL.
void project(Mat y, Mat x, Mat w, Packed panels, Mat bias, bool add);
