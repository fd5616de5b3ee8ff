// Learned positions: a table like any embedding, a row for each position, added to the
// input. Lecture, section 2.5.
//
//     x_t += P[first + t]         dP[first + t] += dx_t
//
// Position number `length` has no row: such a model ends there. (GPT-2, BERT.)
#pragma once
#include "ch02_attention/position.h"
