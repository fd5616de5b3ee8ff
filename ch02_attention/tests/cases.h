// Every mask at every size: what the tests of masks, of the plain attention and of the
// core go through.
#pragma once
#include "ch02_attention/mask.h"
#include "common/numeric/rng.h"

// For T queries, S keys and head dimension d, with each mask in turn.
void every_case(void (*check)(int T, int S, int d, const Mask *mask, Rng *rng));
