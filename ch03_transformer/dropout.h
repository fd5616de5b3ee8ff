// Dropout: while training, each number is zeroed with probability `rate`, and the
// others grow to keep the mean. Lecture, section 3.4.
//
//     y_ij = keep_ij x_ij / (1 - rate)        dx_ij = keep_ij dy_ij / (1 - rate)
//
// keep_ij is a hash of (a draw of the tape, i, j): nothing is stored, and the threads'
// number does not matter. Srivastava et al., JMLR 15 (2014).
#pragma once
#include "ch03_transformer/tape.h"

// x (rows x cols). x itself if the rate is 0 or the tape is not training. 0 <= rate <
// 1.
Node *dropout(Tape *t, Node *x, double rate);
