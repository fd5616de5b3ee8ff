// A shard: the part of a model's numbers whose step one process makes, for all.
// Lecture, section 4.22.
//
//     parameters  [ token.weight     | query.weight     | norm.gain | .. ]  whole everywhere
//     process 0     ######             ######             ###
//     process 1           ######             ######          ##             the moments of
//     process 2                 ######             ######      ###          its pieces
//
// The optimiser sees an ordinary, smaller set of parameters, `part`: a piece of each,
// in place, with its weight decay. Rajbhandari et al. (2019), arXiv:1910.02054: ZeRO.
//
//     stage 1   gradients are whole; after backward each is added up over the team, and
//               of the sum each process keeps its piece
//     stage 2   each is added up as soon as backward has made it (tape.h, GradSink), and
//               its memory given back: no process ever holds all of them
#pragma once
#include "ch03_transformer/tape.h"
#include "ch04_pretrain/team.h"

enum { SHARD_STAGES = 3 };

typedef struct {
    int stage;  // 0: nothing is in shards, and nothing here is used
    Params *whole;
    Team *team;
    Params part;  // parameter i's piece is part.list[i]; grads: sums over the team
    // stage 2, while backward makes them:
    real **open;        // the gradient of each parameter, or NULL
    bool *closed;       // complete, and perhaps waiting:
    int next;           // all after it are added up: the same order in every process
    size_t held, most;  // numbers of gradients in memory, now and at most
} Shard;

// p has no frozen parameters, and outlives it. Stage 2 frees p's gradients, and has the
// tape's. A Shard must not be moved after shard_listen.
Shard shard_new(Params *p, Team *team, int stage);
void shard_free(Shard *s);
void shard_listen(Shard *s, Tape *t);  // stage 2: before the first pass

// After each backward of stage 2, in a process whose batch has no target and that made
// none: it adds nothing, but takes part.
void shard_add_nothing(Shard *s);
// Stage 1: after the last backward of a step, s->part.grads becomes this process's
// sums.
void shard_add_up(Shard *s);
void shard_share_values(Shard *s);  // after the step: everyone's pieces go to all

// Moments, in the order of s->part: all[] in the order of the parameters, from
// everyone's here[]; all may be NULL where nobody wants to see it. And back.
void shard_collect(const Shard *s, const real *here, real *all);
void shard_pick(const Shard *s, real *here, const real *all);
