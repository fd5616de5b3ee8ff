// Dropout of weights that are never kept: whether one is dropped is a hash of where it
// is. So backward finds the same ones again, whatever its blocks are and however many
// threads there are. Lecture, section 6.6.
//
//     Z_ij = 0 with probability `rate`, else 1 / (1 - rate),     from hash(seed, b, h, i, j)
#pragma once
#include "ch06_flash/flash_head.h"

// Z of query i and key j.
real dropout_factor(const FlashHead *h, int i, int j);
// p (rows x cols, any strides) *= Z of the queries row .. and the keys col .. . Rate 0:
// nothing.
void dropout_tile(Mat p, const FlashHead *h, int row, int col);
