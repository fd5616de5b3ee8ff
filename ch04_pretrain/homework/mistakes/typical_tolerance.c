// loses: 4, says: no tolerance, keeps: 24
// The mass is reached a little early.
#include "ch04_pretrain/homework/hw04.h"
#define candidates_typical solved_candidates_typical
#include "../solution.c"
#undef candidates_typical

void candidates_typical(Candidates *c, double mass) {
    double nats = entropy_of(c), sum = 0;
    Typical *all = allocate((size_t)c->count, sizeof *all);
    int count = 0, kept = 0;
    for (int i = 0; i < c->count; i++)
        if (c->list[i].p > 0)
            all[count++] = (Typical){distance_from(nats, c, i), c->list[i]};
    qsort(all, (size_t)count, sizeof *all, by_distance);
    while (kept < count && (mass >= 1 || sum < mass * c->total - 1e-9)) {
        c->list[kept] = all[kept].candidate;
        sum += c->list[kept++].p;
    }
    c->count = kept, c->total = sum;
    free(all);
}
