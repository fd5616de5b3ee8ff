// loses: 4, says: in the entropy it counts 0, keeps: 24
// 0 ln 0 is computed.
#include "ch04_pretrain/homework/hw04.h"
#define typical_distance solved_typical_distance
#include "../solution.c"
#undef typical_distance

double typical_distance(const Candidates *c, int i) {
    double nats = 0;
    for (int k = 0; k < c->count; k++) {
        double share = c->list[k].p / c->total;
        nats -= share * log(share);
    }
    return distance_from(nats, c, i);
}
