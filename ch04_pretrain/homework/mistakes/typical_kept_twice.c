// loses: 4, says: overwritten while it was still read, keeps: 15
// Sorted indices, and one list.
#include "ch04_pretrain/homework/hw04.h"
#define candidates_typical solved_candidates_typical
#include "../solution.c"
#undef candidates_typical

void candidates_typical(Candidates *c, double mass) {
    double nats = entropy_of(c), sum = 0;
    Typical *all = allocate((size_t)c->count, sizeof *all);
    int *place = allocate((size_t)c->count, sizeof *place);
    int count = 0, kept = 0;
    for (int i = 0; i < c->count; i++)
        if (c->list[i].p > 0)
            all[count++] = (Typical){distance_from(nats, c, i), c->list[i]};
    qsort(all, (size_t)count, sizeof *all, by_distance);
    for (int k = 0; k < count; k++)
        for (int i = 0; i < c->count; i++)
            if (c->list[i].token == all[k].candidate.token) place[k] = i;
    while (kept < count && (mass >= 1 || sum < mass * c->total)) {
        c->list[kept] = c->list[place[kept]];
        sum += c->list[kept++].p;
    }
    c->count = kept, c->total = sum;
    free(all), free(place);
}
