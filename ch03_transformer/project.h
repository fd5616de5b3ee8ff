// A layer's product in generation. Lecture, section 3.12.
//
//     y = x W^T + b,  or  y += x W^T + b        x  rows x in,  W  out x in,  b  1 x out (.at NULL: none)
//
// Many rows (a prompt) are a product of matrices, one row (each new token) reads every
// weight once and uses it for two operations: there only the reading counts.
#pragma once
#include <stdbool.h>

#include "common/numeric/mat.h"

void project(Mat y, Mat x, Mat w, Mat bias, bool add);
