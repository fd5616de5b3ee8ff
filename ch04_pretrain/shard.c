#include "ch04_pretrain/shard.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/numeric/small.h"

Params shard_of(const Params *p, size_t first, size_t end) {
    assert(p->size == p->grad_size && "shard_of: something is frozen");
    Params shard = {.list = allocate((size_t)p->count, sizeof *shard.list),
                    .size = end - first,
                    .grad_size = end - first,
                    .values = p->values + first,
                    .grads = p->grads + first};
    for (int i = 0; i < p->count; i++) {
        const Param *q = &p->list[i];
        size_t from = size_max(q->first, first),
               to = size_min(q->first + param_size(q), end);
        if (from >= to) continue;
        assert(to - from <= INT_MAX);
        shard.list[shard.count++] = (Param){.name = q->name,
                                            .rows = 1,
                                            .cols = (int)(to - from),
                                            .first = from - first,
                                            .grad_first = from - first,
                                            .decays = q->decays};
    }
    return shard;
}

void shard_free(Params *shard) {
    free(shard->list);
    *shard = (Params){0};
}

// ---- stage 2

static size_t piece_size(const Param *q, const Team *t) {
    size_t n = param_size(q);
    return team_piece(t, n, team_rank(t) + 1) - team_piece(t, n, team_rank(t));
}

size_t shard_pieces(const Params *p, const Team *t) {
    size_t size = 0;
    for (int i = 0; i < p->count; i++) size += piece_size(&p->list[i], t);
    return size;
}

size_t shard_largest(const Params *p) {
    size_t largest = 0;
    for (int i = 0; i < p->count; i++)
        largest = size_max(largest, param_size(&p->list[i]));
    return largest;
}

void shard_reduce(real *sum, const Params *p, Team *t, real *bucket,
                  void (*make)(void *of, int i, real *bucket), void *of) {
    size_t at = shard_pieces(p, t);
    for (int i = p->count - 1; i >= 0; i--) {
        const Param *q = &p->list[i];
        size_t n = piece_size(q, t), from = team_piece(t, param_size(q), team_rank(t));
        make(of, i, bucket);
        team_reduce_scatter(t, bucket, param_size(q));
        memcpy(sum + (at -= n), bucket + from, n * sizeof *sum);
    }
}
