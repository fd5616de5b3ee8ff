// How a long sum of products is cut: into pieces of at most DEPTH terms, as equal as
// may be (300 is 150 + 150, not 256 + 44), each summed by itself and then added, in
// order.
//
// This decides the bits of a product, so it is the same on all machines, and matmul_few
// and matmul_packed, which must have matmul's bits, take it from here.
#pragma once
#include "common/numeric/small.h"

enum { DEPTH = 256 };

// Terms of a piece, of a sum of k >= 1.
static inline int depth_of(int k) { return ceil_div(k, ceil_div(k, DEPTH)); }
