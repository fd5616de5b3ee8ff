// loses: 4, says: it counts 0, keeps: 24
// 0 ln 0 is computed.
#include "ch04_pretrain/homework/hw04.h"
#define candidates_entropy solved_candidates_entropy
#include "../solution.c"
#undef candidates_entropy

double candidates_entropy(const Candidates *c) {
    double nats = 0;
    for (int i = 0; i < c->count; i++) {
        double share = c->list[i].p / c->total;
        nats -= share * log(share);
    }
    return nats;
}
