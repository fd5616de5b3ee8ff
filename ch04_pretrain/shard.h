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
#include "ch04_pretrain/team.h"

// Numbers from `first` to `end` (exclusive) of p, none of which is frozen. shard_free frees
// the list, not what it shows.
Params shard_of(const Params *p, size_t first, size_t end);
void shard_free(Params *shard);

// Stage 2: no process holds a whole gradient either. It is made one parameter at a time,
// the last first, as backward does; each is added up over the team at once, and of the sum
// this process keeps its piece. `make` writes parameter i's gradient to `bucket`, which has
// room for the largest; sum: room for shard_pieces(p, t) numbers, the pieces in the order
// of the parameters.
size_t shard_pieces(const Params *p, const Team *t);
size_t shard_largest(const Params *p);
void shard_reduce(real *sum, const Params *p, Team *t, real *bucket,
                  void (*make)(void *of, int i, real *bucket), void *of);
