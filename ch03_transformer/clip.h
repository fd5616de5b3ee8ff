// Clipping: a gradient that is too long is shortened, its direction kept. Lecture,
// section 3.9.
//
//     n = sqrt(sum of g_i^2 over all parameters)      n > most:  g = g most / n
//
// Pascanu, Mikolov, Bengio (2012), arXiv:1211.5063. The sum is taken in pieces of one
// size, in their order: the same bits for any number of threads. Squares of large
// numbers overflow a float, and those of small ones vanish; where they do, the sum is
// taken again in double: float gradients that are finite have a finite norm.
#pragma once
#include "ch03_transformer/params.h"

// n
double params_grad_norm(const Params *p);
// Returns the norm before. A NaN or an infinity among the gradients: the norm is not
// finite, and nothing is scaled, so that it stays to be seen.
double params_clip(Params *p, double most);
// The same where the norm is known: that of more gradients than these, perhaps.
void params_shorten(Params *p, double norm, double most);
// What it multiplies by; 1 where nothing is to be done.
double clip_factor(double norm, double most);
