// Causal language modelling: the next token from those before it. Lecture, section 4.11.
//
//     tokens    END t h e _ b a l l
//     targets   t h e _ b a l l END        each token's target is the one after it
//
//     loss = - (1/T) sum_i ln p(x_{i+1} | x_1 .. x_i)       Radford et al. (2018), eq. 1
//
// Its optimum is the source's entropy: no model can be below, and every position of a
// row is a target.
#pragma once
#include "ch04_pretrain/objective.h"

void clm_fill(Batch *b, int row, const Draw *from);
