#include "ch04_pretrain/shard.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>

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
