// loses: 4, says: becomes an int, keeps: 9
// qsort's comparison returns a difference of doubles.
#include "ch04_pretrain/homework/hw04.h"
#define candidates_typical solved_candidates_typical
#include "../solution.c"
#undef candidates_typical

static int by_difference(const void *a, const void *b) {
    const Typical *x = a, *y = b;
    return (int)(x->distance - y->distance);
}

void candidates_typical(Candidates *c, double mass) {
    double nats = entropy_of(c), sum = 0;
    Typical *all = allocate((size_t)c->count, sizeof *all);
    int count = 0, kept = 0;
    for (int i = 0; i < c->count; i++)
        if (c->list[i].p > 0)
            all[count++] = (Typical){distance_from(nats, c, i), c->list[i]};
    qsort(all, (size_t)count, sizeof *all, by_difference);
    while (kept < count && (mass >= 1 || sum < mass * c->total)) {
        c->list[kept] = all[kept].candidate;
        sum += c->list[kept++].p;
    }
    c->count = kept, c->total = sum;
    free(all);
}
