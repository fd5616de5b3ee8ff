#include "ch04_pretrain/shard.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/numeric/small.h"

// Where the piece of parameter i begins within it. Its length is part.list[i].cols.
static size_t piece_of(const Shard *s, int i) {
    return team_piece(s->team, param_size(&s->whole->list[i]), team_rank(s->team));
}

static Params part_of(const Params *p, const Team *t) {
    Params part = {.list = allocate((size_t)p->count, sizeof *part.list),
                   .count = p->count,
                   .values = p->values};
    for (int i = 0; i < p->count; i++) {
        const Param *q = &p->list[i];
        size_t n = param_size(q), from = team_piece(t, n, team_rank(t)),
               size = team_piece(t, n, team_rank(t) + 1) - from;
        assert(size <= INT_MAX);
        part.list[i] = (Param){.name = q->name,
                               .rows = 1,
                               .cols = (int)size,
                               .first = q->first + from,
                               .grad_first = part.size,
                               .decays = q->decays};
        part.size += size;
    }
    part.grad_size = part.size;
    return part;
}

static void hold(Shard *s, size_t numbers) {
    s->held += numbers;
    s->most = size_max(s->most, s->held);
}

static void begin_pass(Shard *s) {
    s->next = s->whole->count - 1;
    memset(s->closed, 0, (size_t)s->whole->count * sizeof *s->closed);
}

Shard shard_new(Params *p, Team *team, int stage) {
    assert(p->size == p->grad_size && "shard_new: something is frozen");
    Shard s = {.stage = stage, .whole = p, .team = team, .part = part_of(p, team)};
    if (stage == 1) {
        s.part.grads = p->grads, s.most = p->size;
        return s;
    }
    free(p->grads), p->grads = NULL;
    s.part.grads = allocate(s.part.size, sizeof *s.part.grads);
    s.open = allocate((size_t)p->count, sizeof *s.open);
    s.closed = allocate((size_t)p->count, sizeof *s.closed);
    hold(&s, s.part.size), begin_pass(&s);
    return s;
}

void shard_free(Shard *s) {
    if (s->stage == 2) free(s->part.grads);
    free(s->part.list), free(s->open), free(s->closed);
    *s = (Shard){0};
}

// ---- stage 2

static real *open_gradient(void *of, int i) {
    Shard *s = of;
    if (s->open[i]) return s->open[i];
    size_t n = param_size(&s->whole->list[i]);
    hold(s, n);
    return s->open[i] = allocate(n, sizeof *s->open[i]);
}

static void add_up(Shard *s, int i) {
    const Param *piece = &s->part.list[i];
    size_t n = param_size(&s->whole->list[i]), from = piece_of(s, i);
    real *g = open_gradient(s, i), *sum = s->part.grads + piece->grad_first;
    team_reduce_scatter(s->team, g, n);
    for (int k = 0; k < piece->cols; k++) sum[k] += g[from + (size_t)k];
    free(g), s->open[i] = NULL;
    s->held -= n;
}

// From the last parameter to the first, as backward goes: whoever is complete too early
// waits. So all processes add up the same at the same time.
static void close_gradient(void *of, int i) {
    Shard *s = of;
    s->closed[i] = true;
    while (s->next >= 0 && s->closed[s->next]) add_up(s, s->next--);
    if (s->next < 0) begin_pass(s);
}

void shard_listen(Shard *s, Tape *t) {
    tape_grads_to(t, (GradSink){open_gradient, close_gradient, s});
}

void shard_add_nothing(Shard *s) {
    for (int i = s->whole->count - 1; i >= 0; i--) close_gradient(s, i);
}

// ---- stage 1

// Pieces go to the front, to which none is nearer than its place.
void shard_add_up(Shard *s) {
    for (int i = 0; i < s->whole->count; i++) {
        const Param *q = &s->whole->list[i], *piece = &s->part.list[i];
        real *g = s->whole->grads + q->grad_first;
        team_reduce_scatter(s->team, g, param_size(q));
        memmove(s->part.grads + piece->grad_first, g + piece_of(s, i),
                (size_t)piece->cols * sizeof *g);
    }
}

// ---- both

void shard_share_values(Shard *s) {
    for (int i = 0; i < s->whole->count; i++) {
        const Param *q = &s->whole->list[i];
        team_gather(s->team, s->whole->values + q->first, param_size(q));
    }
}

void shard_collect(const Shard *s, const real *here, real *all) {
    for (int i = 0; i < s->whole->count; i++) {
        const Param *q = &s->whole->list[i], *piece = &s->part.list[i];
        real *aside = all ? NULL : allocate(param_size(q), sizeof *aside),
             *to = all ? all + q->first : aside;
        memcpy(to + piece_of(s, i), here + piece->grad_first,
               (size_t)piece->cols * sizeof *to);
        team_gather(s->team, to, param_size(q));
        free(aside);
    }
}

void shard_pick(const Shard *s, real *here, const real *all) {
    for (int i = 0; i < s->whole->count; i++) {
        const Param *piece = &s->part.list[i];
        memcpy(here + piece->grad_first, all + piece->first,
               (size_t)piece->cols * sizeof *here);
    }
}
