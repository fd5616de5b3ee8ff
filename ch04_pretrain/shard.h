// A shard: the part of a model's numbers whose step one process makes, for all. Lecture,
// section 4.22.
//
//     parameters   [ token.weight | query.weight | norm.gain | ...        ]   whole everywhere
//     moments          process 0       |   process 1    |   process 2         8 N / P bytes each
//
// The optimiser sees an ordinary, smaller set of parameters, views of the whole: the cut
// goes through matrices, and each half keeps its weight decay. Rajbhandari et al. (2019),
// arXiv:1910.02054: ZeRO, stage 1.
#pragma once
#include "ch03_transformer/params.h"

// Numbers from `first` to `end` (exclusive) of p, none of which is frozen. shard_free frees
// the list, not what it shows.
Params shard_of(const Params *p, size_t first, size_t end);
void shard_free(Params *shard);
